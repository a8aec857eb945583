import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { usableBackends } from "../backends.ts";
import { type CheckedCase, checkCases, checkProperty, floats, prepare } from "./support/checkedCases.ts";
import type { TestAttribute } from "./support/onnxBytes.ts";
import { computed, type OperatorCase, operatorGraph } from "./support/operatorCase.ts";

type Attributes = Readonly<Record<string, TestAttribute>>;

/** Far enough apart that no maximum changes within a difference's step. */
const pool = (op: string, x: readonly number[], attributes: Attributes = {}, opset = 11): CheckedCase => ({
  op,
  opset,
  inputs: [floats(x, 1, 20)],
  attributes,
});

const forms: readonly { readonly x: readonly number[]; readonly attributes: Attributes }[] = [
  { x: [2, 3, 6, 7], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
  { x: [1, 3, 6, 7], attributes: { kernel_shape: [3, 2] } },
  { x: [1, 2, 7, 7], attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] } },
  { x: [1, 2, 6, 7], attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [0, 1, 2, 1] } },
  { x: [1, 2, 6, 7], attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 } },
  { x: [1, 2, 6, 8], attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 } },
  { x: [1, 2, 6, 7], attributes: { kernel_shape: [2, 2], strides: [3, 3], pads: [1, 0, 0, 1], ceil_mode: 1 } },
  { x: [1, 2, 6, 7], attributes: { kernel_shape: [3, 2], strides: [2, 1], auto_pad: "SAME_UPPER" } },
  { x: [1, 2, 6, 7], attributes: { kernel_shape: [3, 2], strides: [2, 1], auto_pad: "SAME_LOWER" } },
  { x: [1, 2, 6, 7], attributes: { kernel_shape: [3, 2], strides: [2, 1], auto_pad: "VALID" } },
  { x: [2, 3, 9], attributes: { kernel_shape: [3], strides: [2], pads: [1, 1] } },
  { x: [2, 3, 9], attributes: { kernel_shape: [4], strides: [3], ceil_mode: 1 } },
  { x: [1, 2, 4, 5, 4], attributes: { kernel_shape: [2, 2, 2], strides: [2, 2, 2] } },
  { x: [1, 2, 4, 5, 5], attributes: { kernel_shape: [2, 3, 2], strides: [2, 2, 1], pads: [1, 1, 0, 0, 1, 1] } },
  { x: [1, 2, 4, 5, 5], attributes: { kernel_shape: [2, 2, 2], strides: [2, 2, 2], ceil_mode: 1 } },
];

const dilated: readonly { readonly x: readonly number[]; readonly attributes: Attributes }[] = [
  { x: [1, 2, 8, 7], attributes: { kernel_shape: [3, 2], dilations: [2, 3] } },
  { x: [1, 2, 8, 8], attributes: { kernel_shape: [3, 3], dilations: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1] } },
  { x: [1, 2, 8, 8], attributes: { kernel_shape: [2, 2], dilations: [2, 2], strides: [2, 3], ceil_mode: 1 } },
  { x: [1, 2, 9], attributes: { kernel_shape: [3], dilations: [2], pads: [1, 1] } },
  { x: [1, 1, 5, 5, 6], attributes: { kernel_shape: [2, 2, 2], dilations: [2, 1, 3] } },
];

const counted = (attributes: Attributes): Attributes => ({ ...attributes, count_include_pad: 1 });

const cases: readonly CheckedCase[] = [
  ...forms.flatMap(({ x, attributes }) => [
    pool("MaxPool", x, attributes, 12),
    pool("AveragePool", x, attributes, 11),
    pool("AveragePool", x, counted(attributes), 19),
  ]),
  ...dilated.flatMap(({ x, attributes }) => [
    pool("MaxPool", x, attributes, 12),
    pool("AveragePool", x, attributes, 19),
    pool("AveragePool", x, counted(attributes), 19),
  ]),
  pool("LpPool", [1, 2, 6, 7], { kernel_shape: [2, 3], strides: [2, 2], pads: [1, 0, 0, 1] }),
  pool("LpPool", [1, 2, 6, 7], { kernel_shape: [2, 3], p: 3 }),
  pool("GlobalAveragePool", [2, 3, 4, 5]),
  pool("GlobalAveragePool", [2, 3, 7]),
  pool("GlobalAveragePool", [2, 3, 2, 2, 3]),
  pool("GlobalMaxPool", [2, 3, 4, 5]),
  pool("GlobalMaxPool", [2, 3, 7]),
  pool("GlobalLpPool", [2, 3, 4, 5], { p: 2 }),
];

const anyPooling: fc.Arbitrary<OperatorCase> = fc
  .record({
    op: fc.constantFrom("MaxPool", "AveragePool"),
    includePad: fc.integer({ min: 0, max: 1 }),
    ceil: fc.integer({ min: 0, max: 1 }),
    channels: fc.integer({ min: 1, max: 3 }),
    rule: fc.constantFrom("NOTSET", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"),
    opset: fc.constantFrom(19, 20, 22),
    axes: fc.array(
      fc
        .record({
          kernel: fc.integer({ min: 1, max: 4 }),
          stride: fc.integer({ min: 1, max: 3 }),
          dilation: fc.constantFrom(1, 1, 2),
          before: fc.integer({ min: 0, max: 2 }),
          after: fc.integer({ min: 0, max: 2 }),
          more: fc.integer({ min: 0, max: 5 }),
        })
        .map((axis) => ({
          ...axis,
          size: (axis.kernel - 1) * axis.dilation + 1 + axis.more,
          before: Math.min(axis.before, axis.kernel - 1),
          after: Math.min(axis.after, axis.kernel - 1),
        })),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .map(({ op, includePad, ceil, channels, rule, opset, axes }) => {
    const ruled = rule !== "NOTSET";
    return {
      op,
      opset,
      inputs: [floats([1, channels, ...axes.map(({ size }) => size)])],
      attributes: {
        kernel_shape: axes.map(({ kernel }) => kernel),
        // onnxruntime refuses a rule for padding where windows leave gaps.
        strides: axes.map(({ stride, kernel }) => (ruled ? Math.min(stride, kernel) : stride)),
        ...(ruled ? {} : { dilations: axes.map(({ dilation }) => dilation), ceil_mode: ceil }),
        ...(op === "AveragePool" ? { count_include_pad: includePad } : {}),
        ...(ruled
          ? { auto_pad: rule }
          : { pads: [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)] }),
      },
    };
  });

const backends = await usableBackends();
checkCases(backends, cases);
checkProperty(backends, "MaxPool and AveragePool", anyPooling, 60);

test("the places of maxima are refused by name", async () => {
  await prepare("cpu");
  const each: OperatorCase = {
    ...pool("MaxPool", [1, 1, 4, 4], { kernel_shape: [2, 2] }, 12),
    outputs: ["float", "int64"],
  };
  const feeds = { x0: floats([1, 1, 4, 4]) };
  assert.throws(() => computed(operatorGraph(each), 12, feeds), {
    code: "model-unsupported-shape",
    message: /MaxPool/,
  });
});
