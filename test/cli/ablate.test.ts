import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";
import { neuronChoice, rectangle } from "../../src/cli/neuronList.ts";
import { explanationFileSchema } from "../../src/protocol/explanation.ts";
import { ablationFileSchema } from "../../src/protocol/neurons.ts";
import { readNpy } from "../../src/samples/index.ts";
import { assertBadInput, runCli } from "./support/runCli.ts";
import { Workspace } from "./support/workspace.ts";

const space = new Workspace();
test.after(() => space.dispose());
const samples = resolve(import.meta.dirname, "../../samples");
const scene = ["--model", "models/digit-scenes", "--input", "scenes/0007.png", "--backend", "wasm"];
const ablate = (out: string, ...more: string[]) => runCli(["ablate", ...more, "--out", out], { cwd: samples });

test("pathlight ablate writes the scores and both attributions, and prints what has changed", async () => {
  const out = space.out();
  const result = await ablate(
    out,
    ...scene,
    "--layer",
    "conv3",
    "--neurons",
    "2,5,11-13",
    "--value",
    "zero",
    "--control",
    "3",
  );
  assert.equal(result.code, 0, result.stderr);
  const file = ablationFileSchema.parse(JSON.parse(readFileSync(join(out, "ablation.json"), "utf8")));
  assert.deepEqual(file.ablation, [{ node: "conv3", neurons: [2, 5, 11, 12, 13] }]);
  assert.equal(file.count, 5);
  assert.equal(file.control?.scores.length, 3);
  assert.notEqual(file.before.score, file.after.score);
  for (const [name, measured] of [
    ["before", file.before],
    ["after", file.after],
  ] as const) {
    const folder = join(out, name);
    const explained = explanationFileSchema.parse(JSON.parse(readFileSync(join(folder, "explanation.json"), "utf8")));
    assert.ok(Math.abs(explained.score.input - measured.score) < 1e-4 * Math.abs(measured.score));
    assert.ok((explained.completenessError.relative ?? 1) <= 0.02);
    const map = await readNpy(join(folder, "attributions-0.npy"));
    const sum = Array.from(map.data, Number).reduce((total, value) => total + value, 0);
    assert.ok(Math.abs(sum - explained.sum) < 1e-3, `${sum} for ${explained.sum}`);
    assert.ok(existsSync(join(folder, "report.html")));
    assert.equal(
      explained.warnings.some(({ code }) => code === "ablated"),
      name === "after",
    );
  }
  assert.match(result.stdout, /Switched off +conv3: neurons 2, 5, 11–13/);
  assert.match(result.stdout, /Random neurons .*3 draws of 5/);
  assert.match(readFileSync(join(out, "after/report.html"), "utf8"), /switched off in conv3/);
});

test("the mean is taken over the data set that the sample is in, and --json prints the file", async () => {
  const out = space.out();
  const result = await ablate(
    out,
    ...["--model", "question-classifier", "--input", "questions.jsonl", "--row", "2", "--backend", "wasm", "--json"],
    ...["--layer", "strongest-place", "--neurons", "0-3", "--value", "mean", "--control", "0"],
  );
  assert.equal(result.code, 0, result.stderr);
  const file = ablationFileSchema.parse(JSON.parse(result.stdout));
  assert.equal(file.value, "mean");
  assert.equal(file.control, null);
  assert.equal(file.provenance.params.samples.length, 64);
  assert.ok(file.notes.some((note) => /over 64 samples/.test(note)));
});

test("top:K takes the neurons that conductance puts first, or that a patch drives", async () => {
  const args = [...scene, "--layer", "strongest-place", "--control", "0", "--json"];
  const file = async (...more: string[]) => {
    const result = await ablate(space.out(), ...args, ...more);
    assert.equal(result.code, 0, result.stderr);
    return ablationFileSchema.parse(JSON.parse(result.stdout));
  };
  const [whole, patch] = [await file("--neurons", "top:3"), await file("--neurons", "top:3", "--patch", "0,0,48,20")];
  assert.equal(whole.ablation[0]?.neurons.length, 3);
  assert.notDeepEqual(whole.ablation, patch.ablation);
  // With everything at its baseline but these the score falls by what their conductance promised.
  assert.ok(whole.promised !== null && whole.promised > 0);
  assert.ok(whole.after.score < whole.before.score);
  const none = space.out();
  const tooMany = await ablate(none, ...scene, "--layer", "strongest-place", "--neurons", "top:81");
  assertBadInput(tooMany, none, { says: [/80 neurons, not 81/] });
});

test("bad input exits with 2 and writes nothing", async () => {
  const layer = ["--layer", "conv3"];
  const cases: readonly (readonly [string[], RegExp[]])[] = [
    [[...scene, ...layer], [/--neurons is missing/]],
    [[...scene, "--neurons", "1"], [/--layer is missing/]],
    [[...scene, ...layer, "--neurons", ""], [/--neurons is missing/]],
    [
      [...scene, ...layer, "--neurons", "3,x"],
      [/--neurons does not fit/, /3,5,10-20/],
    ],
    [[...scene, ...layer, "--neurons", "20-10"], [/--neurons does not fit/]],
    [
      [...scene, ...layer, "--neurons", "48"],
      [/no neuron 48/, /0 to 47/],
    ],
    [
      [...scene, "--layer", "conv33", "--neurons", "1"],
      [/conv33/, /conv3/],
    ],
    [[...scene, ...layer, "--neurons", "1", "--patch", "0,0,4,4"], [/--patch is for --neurons top:K/]],
    [[...scene, ...layer, "--neurons", "top:3", "--patch", "4,4,0,0"], [/--patch does not fit/]],
    [[...scene, ...layer, "--neurons", "1", "--units", "--axis", "0"], [/--units and --axis/]],
    [
      [...scene, ...layer, "--neurons", "1", "--value", "one"],
      [/--value does not fit/, /baseline, zero, mean/],
    ],
  ];
  for (const [args, says] of cases) {
    const out = space.out();
    assertBadInput(await ablate(out, ...args), out, { says });
  }
  const [model, input] = [
    space.model("digits", "digits"),
    space.npy("x.npy", [8, 8, 1], new Float32Array(64).fill(0.5)),
  ];
  const out = space.out();
  const noData = ["--model", model, "--input", input, "--backend", "wasm", "--layer", "conv1", "--neurons", "1"];
  assertBadInput(await ablate(out, ...noData, "--value", "mean"), out, { says: [/no samples to take the mean/] });
});

test("lists of neurons and rectangles are read as they are written", () => {
  assert.deepEqual(neuronChoice(" 3, 5,10-12 "), { kind: "list", neurons: [3, 5, 10, 11, 12] });
  assert.deepEqual(neuronChoice("top:7"), { kind: "top", count: 7 });
  for (const wrong of ["top:0", "top:", "-1", "1-", "1,,2", "1.5"])
    assert.throws(() => neuronChoice(wrong), { code: "usage" });
  assert.deepEqual(rectangle("1,2, 3,4"), { y0: 1, x0: 2, y1: 3, x1: 4 });
  for (const wrong of ["1,2,3", "1,2,1,4", "a,0,1,1", "0,0,1,1,1"])
    assert.throws(() => rectangle(wrong), { code: "usage" });
});
