import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { usableBackends } from "../backends.ts";
import { type CheckedCase, checkCases, checkProperty, floats, integers, prepare } from "./support/checkedCases.ts";
import type { TestTensor } from "./support/onnxBytes.ts";
import { computed, type OperatorCase, operatorGraph } from "./support/operatorCase.ts";

const number = (value: number): TestTensor => ({ type: "float", shape: [], data: [value] });

const pad = (
  x: readonly number[],
  pads: readonly number[],
  mode: string,
  opset = 18,
  more: readonly (TestTensor | null)[] = [],
): CheckedCase => ({
  op: "Pad",
  opset,
  inputs: [floats(x), integers(pads), ...more],
  constant: [1, 2, 3].slice(0, 1 + more.length),
  attributes: { mode },
});

const blocks = (op: string, x: readonly number[], blocksize: number, mode?: string): CheckedCase => ({
  op,
  opset: 13,
  inputs: [floats(x)],
  attributes: { blocksize, ...(mode === undefined ? {} : { mode }) },
});

const cases: readonly CheckedCase[] = [
  pad([2, 3, 4], [0, 1, 2, 1, 0, 3], "constant", 13),
  pad([2, 3, 4], [0, 1, 2, 1, 0, 3], "constant", 11, [number(1.5)]),
  pad([2, 3, 4, 3], [0, 0, 1, 1, 0, 0, 2, 0], "constant", 18, [number(-2)]),
  pad([2, 3, 4, 3], [1, 0, 0, 2], "constant", 18, [number(-2), integers([2, -1])]),
  pad([2, 3, 5], [0, -1, 2, 0, 0, -3], "constant", 13),
  pad([2, 3, 5], [0, -1, -2, 0, -1, -1], "constant", 13),
  pad([2, 3, 5], [0, 1, 2, 0, 2, 4], "reflect", 13),
  pad([1, 2, 4, 5], [0, 0, 3, 2, 0, 0, 1, 4], "reflect", 18),
  pad([1, 2, 4, 5], [0, 0, 3, 2, 0, 0, 1, 6], "edge", 11),
  pad([1, 2, 4, 5], [0, 0, 3, 2, 0, 0, 1, 5], "wrap", 19),
  pad([1, 2, 4, 5], [2, 1, 0, 3], "reflect", 18, [null, integers([2, 3])]),
  {
    op: "Pad",
    opset: 2,
    inputs: [floats([2, 3, 4])],
    attributes: { pads: [0, 1, 2, 0, 0, 1], mode: "constant", value: 0.5 },
  },
  { op: "Pad", opset: 2, inputs: [floats([2, 3, 4])], attributes: { pads: [0, 1, 2, 0, 0, 1], mode: "reflect" } },
  blocks("DepthToSpace", [2, 8, 2, 3], 2),
  blocks("DepthToSpace", [2, 8, 2, 3], 2, "DCR"),
  blocks("DepthToSpace", [2, 8, 2, 3], 2, "CRD"),
  blocks("DepthToSpace", [1, 18, 2, 1], 3, "CRD"),
  blocks("SpaceToDepth", [2, 3, 4, 6], 2),
  blocks("SpaceToDepth", [1, 2, 6, 3], 3),
];

const anyPad: fc.Arbitrary<OperatorCase> = fc
  .record({
    mode: fc.constantFrom("constant", "constant", "reflect", "edge", "wrap"),
    axes: fc.array(
      fc.record({
        side: fc.integer({ min: 3, max: 5 }),
        before: fc.integer({ min: -1, max: 2 }),
        after: fc.integer({ min: -1, max: 2 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    value: fc.constantFrom(0, 1.5, -3),
  })
  .map(({ mode, axes, value }) => {
    const side = (each: number) => (mode === "constant" ? each : Math.max(each, 0));
    const pads = [...axes.map(({ before }) => side(before)), ...axes.map(({ after }) => side(after))];
    return pad(
      axes.map((axis) => axis.side),
      pads,
      mode,
      19,
      mode === "constant" ? [number(value)] : [],
    );
  });

const backends = await usableBackends();
checkCases(backends, cases);
checkProperty(backends, "Pad", anyPad, 50);

test("a padding beyond any memory is refused before it is taken", async () => {
  await prepare("cpu");
  const huge = pad([2, 3], [0, 0, 2 ** 20, 2 ** 20], "constant", 13);
  const feeds = { x0: floats([2, 3]) };
  assert.throws(() => computed(operatorGraph(huge), 13, feeds), {
    code: "model-unsupported-shape",
    message: /too large/,
  });
});
