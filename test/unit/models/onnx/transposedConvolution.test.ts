import * as fc from "fast-check";
import { usableBackends } from "../backends.ts";
import { type CheckedCase, checkCases, checkProperty, floats } from "./support/checkedCases.ts";
import type { TestAttribute } from "./support/onnxBytes.ts";
import type { OperatorCase } from "./support/operatorCase.ts";

const transposed = (
  x: readonly number[],
  filter: readonly number[],
  attributes: Readonly<Record<string, TestAttribute>> = {},
  outputs = filter[1] ?? 1,
): CheckedCase => ({
  op: "ConvTranspose",
  opset: 11,
  inputs: [floats(x), floats(filter, 2), floats([outputs], 3)],
  constant: [1, 2],
  attributes,
});

const cases: readonly CheckedCase[] = [
  transposed([2, 3, 4, 5], [3, 4, 3, 3]),
  transposed([1, 3, 4, 5], [3, 4, 2, 2], { strides: [2, 2] }),
  transposed([1, 3, 4, 5], [3, 4, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] }),
  transposed([1, 3, 4, 5], [3, 4, 4, 4], { strides: [2, 2], pads: [1, 1, 1, 1] }),
  transposed([1, 3, 4, 5], [3, 4, 3, 2], { strides: [2, 3], pads: [0, 1, 1, 0] }),
  transposed([1, 3, 4, 5], [3, 4, 1, 1], { strides: [3, 2], output_padding: [2, 1] }),
  transposed([1, 3, 4, 5], [3, 4, 3, 3], { dilations: [2, 2], strides: [2, 1] }),
  transposed([1, 3, 4, 5], [3, 4, 3, 3], { kernel_shape: [3, 3], strides: [2, 2], output_shape: [8, 10] }),
  transposed([1, 3, 4, 5], [3, 4, 3, 3], { kernel_shape: [3, 3], strides: [2, 2], output_shape: [9, 11] }),
  transposed([1, 3, 4, 5], [3, 4, 3, 3], { auto_pad: "SAME_UPPER", strides: [2, 2] }),
  transposed([1, 3, 4, 5], [3, 4, 4, 3], { auto_pad: "SAME_LOWER", strides: [1, 2] }),
  transposed([1, 3, 4, 5], [3, 4, 4, 3], { auto_pad: "VALID", strides: [1, 2] }),
  transposed([1, 4, 4, 5], [4, 3, 3, 3], { group: 2, strides: [2, 2], pads: [1, 1, 1, 1] }, 6),
  transposed([1, 4, 4, 5], [4, 1, 4, 4], { group: 4, strides: [2, 2], pads: [1, 1, 1, 1] }, 4),
  transposed([1, 4, 4, 5], [4, 3, 3, 3], { group: 4 }, 12),
  transposed([2, 3, 7], [3, 4, 4], { strides: [2], pads: [1, 1] }),
  transposed([2, 3, 7], [3, 4, 3], { strides: [2], pads: [0, 1], output_padding: [1] }),
  transposed([2, 3, 7], [3, 4, 3], { dilations: [3] }),
  transposed([2, 4, 7], [4, 1, 3], { group: 4, strides: [3] }, 4),
  transposed([1, 2, 3, 4, 3], [2, 3, 2, 2, 2], { strides: [2, 2, 2] }),
  transposed([1, 2, 3, 4, 3], [2, 3, 3, 3, 3], { strides: [1, 2, 1], pads: [1, 1, 1, 1, 1, 1] }),
  {
    ...transposed([1, 3, 4, 5], [3, 2, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }),
    constant: [],
    gradients: [0, 1, 2],
    differences: { step: 1e-2 },
  },
];

const anyTransposed: fc.Arbitrary<OperatorCase> = fc
  .record({
    groups: fc.constantFrom(1, 1, 2, 3),
    inputs: fc.integer({ min: 1, max: 3 }),
    outputs: fc.integer({ min: 1, max: 3 }),
    batch: fc.integer({ min: 1, max: 2 }),
    isConstant: fc.boolean(),
    opset: fc.constantFrom(11, 22),
    axes: fc.array(
      fc
        .record({
          size: fc.integer({ min: 2, max: 5 }),
          kernel: fc.integer({ min: 1, max: 4 }),
          stride: fc.integer({ min: 1, max: 3 }),
          dilation: fc.constantFrom(1, 1, 2),
          before: fc.integer({ min: 0, max: 2 }),
          after: fc.integer({ min: 0, max: 2 }),
          more: fc.integer({ min: 0, max: 2 }),
        })
        // Padding that leaves something, and an output padding smaller than stride or dilation, as the operator asks.
        .map((axis) => {
          const reach = (axis.kernel - 1) * axis.dilation;
          return {
            ...axis,
            before: Math.min(axis.before, reach),
            after: Math.min(axis.after, reach),
            more: Math.min(axis.more, axis.stride - 1),
          };
        })
        .filter(
          ({ size, stride, kernel, dilation, before, after }) =>
            (size - 1) * stride + (kernel - 1) * dilation + 1 > before + after,
        ),
      { minLength: 1, maxLength: 2 },
    ),
  })
  .map(({ groups, inputs, outputs, batch, isConstant, opset, axes }) => ({
    op: "ConvTranspose",
    opset,
    inputs: [
      floats([batch, inputs * groups, ...axes.map(({ size }) => size)]),
      floats([inputs * groups, outputs, ...axes.map(({ kernel }) => kernel)], 2),
    ],
    constant: isConstant ? [1] : [],
    attributes: {
      kernel_shape: axes.map(({ kernel }) => kernel),
      strides: axes.map(({ stride }) => stride),
      dilations: axes.map(({ dilation }) => dilation),
      output_padding: axes.map(({ more }) => more),
      pads: [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)],
      group: groups,
    },
  }));

const backends = await usableBackends();
checkCases(backends, cases);
checkProperty(backends, "ConvTranspose", anyTransposed, 40);
