import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { usableBackends } from "../backends.ts";
import { type CheckedCase, checkCases, checkProperty, floats, integers, prepare } from "./support/checkedCases.ts";
import type { TestAttribute, TestTensor } from "./support/onnxBytes.ts";
import { computed, type OperatorCase, operatorGraph } from "./support/operatorCase.ts";

type Attributes = Readonly<Record<string, TestAttribute>>;

const list = (data: readonly number[]): TestTensor => ({ type: "float", shape: [data.length], data });
const nothing = list([]);

const byScales = (
  x: readonly number[],
  scales: readonly number[],
  attributes: Attributes,
  opset = 13,
): CheckedCase => ({
  op: "Resize",
  opset,
  inputs: [floats(x), opset < 13 ? nothing : null, list(scales)],
  constant: [1, 2],
  attributes,
});

const bySizes = (x: readonly number[], sizes: readonly number[], attributes: Attributes, opset = 13): CheckedCase => ({
  op: "Resize",
  opset,
  inputs: [floats(x), opset < 13 ? nothing : null, opset < 13 ? nothing : null, integers(sizes)],
  constant: [1, 2, 3],
  attributes,
});

const upsample = (mode: string, scales: readonly number[], op = "Upsample", opset = 9): CheckedCase => ({
  op,
  opset,
  inputs: [floats([1, 2, 4, 5]), list(scales)],
  constant: [1],
  attributes: { mode },
});

const centres = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"];
const roundings = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"];
const x = [1, 2, 4, 5];

const cases: readonly CheckedCase[] = [
  ...centres.flatMap((coordinate_transformation_mode) => [
    byScales(x, [1, 1, 2, 2], { mode: "linear", coordinate_transformation_mode }),
    byScales(x, [1, 1, 1.5, 0.6], { mode: "linear", coordinate_transformation_mode }, 11),
    bySizes(x, [1, 2, 7, 3], { mode: "linear", coordinate_transformation_mode }, 18),
    bySizes(x, [1, 2, 1, 9], { mode: "linear", coordinate_transformation_mode }, 19),
    bySizes([2, 2, 5], [2, 2, 9], { mode: "linear", coordinate_transformation_mode }, 13),
    ...roundings.flatMap((nearest_mode) => [
      byScales(x, [1, 1, 2, 2], { mode: "nearest", coordinate_transformation_mode, nearest_mode }),
      bySizes(x, [1, 2, 7, 3], { mode: "nearest", coordinate_transformation_mode, nearest_mode }),
    ]),
  ]),
  byScales(x, [1, 1, 1.7, 0.7], { mode: "linear", coordinate_transformation_mode: "half_pixel_symmetric" }, 19),
  byScales(x, [1.7, 0.7], { mode: "linear", axes: [2, 3] }, 18),
  byScales(x, [2, 3], { mode: "nearest", axes: [3, 2], coordinate_transformation_mode: "asymmetric" }, 18),
  bySizes(x, [9, 9], { mode: "linear", axes: [2, 3], keep_aspect_ratio_policy: "not_larger" }, 18),
  bySizes(x, [9, 9], { mode: "linear", axes: [2, 3], keep_aspect_ratio_policy: "not_smaller" }, 18),
  upsample("nearest", [1, 1, 2, 3]),
  upsample("linear", [1, 1, 2, 3]),
  upsample("nearest", [1, 1, 2, 2], "Resize", 10),
  upsample("nearest", [1, 1, 0.5, 0.6], "Resize", 10),
  upsample("linear", [1, 1, 2, 0.6], "Resize", 10),
];

const anyResize: fc.Arbitrary<OperatorCase> = fc
  .record({
    mode: fc.constantFrom("nearest", "linear"),
    centre: fc.constantFrom(...centres),
    rounding: fc.constantFrom(...roundings),
    opset: fc.constantFrom(11, 13, 18, 19),
    sides: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })),
    scales: fc.tuple(fc.constantFrom(0.5, 0.75, 1, 1.25, 2, 2.6, 3), fc.constantFrom(0.5, 1, 1.3, 2, 4)),
    sizes: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
    sized: fc.boolean(),
  })
  .map(({ mode, centre, rounding, opset, sides, scales, sizes, sized }) => {
    const attributes = { mode, coordinate_transformation_mode: centre, nearest_mode: rounding };
    const shape = [1, 2, ...sides];
    const enough = scales.map((scale, i) => ((sides[i] ?? 1) * scale < 1 ? 1 : scale));
    return sized
      ? bySizes(shape, [1, 2, ...sizes], attributes, opset)
      : byScales(shape, [1, 1, ...enough], attributes, opset);
  });

const backends = await usableBackends();
checkCases(backends, cases);
checkProperty(backends, "Resize", anyResize, 60);

const refused: readonly (readonly [string, Attributes])[] = [
  ["cubic", { mode: "cubic" }],
  ["tf_crop_and_resize", { mode: "linear", coordinate_transformation_mode: "tf_crop_and_resize" }],
  ["antialias", { mode: "linear", antialias: 1 }],
];
for (const [name, attributes] of refused) {
  test(`${name} is refused by name`, async () => {
    await prepare("cpu");
    const each = byScales(x, [1, 1, 2, 2], attributes, 18);
    assert.throws(() => computed(operatorGraph(each), 18, { x0: floats(x) }), {
      code: "model-unsupported-shape",
      message: /Resize/,
    });
  });
}
