import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { baselineOf } from "../../src/cli/baselineOption.ts";
import { doctorSpec } from "../../src/cli/commands/doctorSpec.ts";
import { explainSpec } from "../../src/cli/commands/explainSpec.ts";
import { commandHelp } from "../../src/cli/help.ts";
import { inputArgument } from "../../src/cli/inputArgument.ts";
import { colours } from "../../src/cli/terminal.ts";
import { topFeatures } from "../../src/cli/topFeatures.ts";
import { PathlightError } from "../../src/common/errors.ts";
import type { ImageAttribution } from "../../src/protocol/explanation.ts";

const folder = mkdtempSync(join(tmpdir(), "pathlight-pieces-"));
test.after(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, "a=b.npy"), "x");
writeFileSync(join(folder, "grey.npy"), "x");

test("an input is a file, or a name and a file; a file whose name holds the sign is that file", () => {
  assert.deepEqual(inputArgument("x.npy", folder), { name: undefined, file: "x.npy" });
  assert.deepEqual(inputArgument("left=x.npy", folder), { name: "left", file: "x.npy" });
  assert.deepEqual(inputArgument("left=C:\\x=1.npy", folder), { name: "left", file: "C:\\x=1.npy" });
  assert.deepEqual(inputArgument("a=b.npy", folder), { name: undefined, file: "a=b.npy" });
  assert.throws(() => inputArgument("left=", folder), /names no file/);
  assert.throws(() => inputArgument("", folder), /empty/);
});

test("a baseline is a name, a number or a file; anything else says what there is", () => {
  assert.deepEqual(baselineOf("mean", folder, "--baseline"), { kind: "name", name: "mean" });
  assert.deepEqual(baselineOf("-0.5", folder, "--baseline"), { kind: "value", value: -0.5 });
  assert.deepEqual(baselineOf(1, folder, "--baseline"), { kind: "value", value: 1 });
  assert.deepEqual(baselineOf("grey.npy", folder, "--baseline"), { kind: "file", path: join(folder, "grey.npy") });
  for (const [text, hint] of [
    ["blured", /blurred/],
    ["", /one of/i],
    ["Infinity", /one of/i],
    ["none.npy", /one of/i],
  ] as const) {
    assert.throws(
      () => baselineOf(text, folder, "--baseline"),
      (error: unknown) =>
        error instanceof PathlightError &&
        error.code === "baseline-invalid" &&
        hint.test(`Give one of ${error.details.whatToDo}`),
    );
  }
});

test("help names every option and stays within 100 columns", () => {
  for (const spec of [explainSpec, doctorSpec]) {
    const text = commandHelp(spec, colours(false));
    for (const { name } of spec.options) assert.match(text, new RegExp(`^  --${name}\\b`, "m"));
    for (const line of text.split("\n")) assert.ok(line.length <= 100, line);
    assert.ok(spec.examples.length > 0);
  }
});

test("cells of an image add up to the map and are ranked by magnitude", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 81, maxLength: 81 }),
      (height, width, grain, numbers) => {
        const values = Float32Array.from(numbers.slice(0, height * width));
        const attribution: ImageAttribution = {
          kind: "image",
          input: "x",
          shape: [height, width, 1],
          height,
          width,
          original: { height, width },
          crop: { x: 0, y: 0, width, height },
          values,
          gradient: null,
          grain,
          cellErrors: null,
        };
        const { top, count } = topFeatures(attribution, 1000);
        assert.equal(top.length, count);
        assert.equal(
          top.reduce((sum, feature) => sum + feature.value, 0),
          values.reduce((sum, value) => sum + value, 0),
        );
        const sizes = top.map((feature) => Math.abs(feature.value));
        assert.deepEqual(
          sizes,
          [...sizes].sort((a, b) => b - a),
        );
      },
    ),
  );
});

test("places are written so that they can be found", () => {
  const tensor = topFeatures(
    {
      kind: "tensor",
      input: "x",
      shape: [2, 3],
      sample: new Float32Array(6),
      values: Float32Array.of(0, 0, 0, 0, 0, -2),
      gradient: null,
      cellErrors: Float32Array.of(0, 0, 0, 0, 0, 0.5),
    },
    1,
  );
  assert.deepEqual(tensor.top, [{ place: "[1, 2]", value: -2, error: 0.5 }]);
  const text = topFeatures(
    {
      kind: "text",
      input: "x",
      shape: [4],
      text: "Who?",
      truncatedFrom: null,
      gap: null,
      fields: [],
      tokens: [
        { text: "who", id: 5, start: 0, end: 3, special: "none", word: 0 },
        { text: "?", id: 6, start: 3, end: 4, special: "none", word: 1 },
        { text: "[PAD]", id: 0, start: 4, end: 4, special: "pad", word: -1 },
        { text: "[PAD]", id: 0, start: 4, end: 4, special: "pad", word: -1 },
      ],
      values: Float32Array.of(1, 0.5, -1, -2),
      gradient: null,
      cellErrors: Float32Array.of(0.5, 0.25, 1, 1),
    },
    3,
  );
  assert.deepEqual(text.top, [
    { place: '"[PAD]" at 2–3 (pad)', value: -3, error: 2 },
    { place: '"who" at 0', value: 1, error: 0.5 },
    { place: '"?" at 1', value: 0.5, error: 0.25 },
  ]);
});

test("colour is off unless it is asked for", () => {
  assert.equal(colours(false).red("x"), "x");
  assert.equal(colours(true).red("x"), "\u001b[31mx\u001b[39m");
});
