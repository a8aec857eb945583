import * as fc from "fast-check";
import { usableBackends } from "../backends.ts";
import { type CheckedCase, checkCases, checkProperty, floats } from "./support/checkedCases.ts";
import type { TestAttribute } from "./support/onnxBytes.ts";
import type { OperatorCase } from "./support/operatorCase.ts";

type Attributes = Readonly<Record<string, TestAttribute>>;

/** Filter and bias are weights, as exporters write them. */
const conv = (
  x: readonly number[],
  filter: readonly number[],
  attributes: Attributes = {},
  opset = 11,
): CheckedCase => ({
  op: "Conv",
  opset,
  inputs: [floats(x), floats(filter, 2), floats([filter[0] ?? 1], 3)],
  constant: [1, 2],
  attributes,
});

/** Filter and bias are computed in the graph. */
const dynamic = (x: readonly number[], filter: readonly number[], attributes: Attributes = {}): CheckedCase => ({
  ...conv(x, filter, attributes),
  constant: [],
  gradients: [0, 1, 2],
  differences: { step: 0.1 },
});

const cases: readonly CheckedCase[] = [
  conv([2, 3, 7, 6], [4, 3, 3, 3]),
  conv([2, 3, 7, 6], [4, 3, 3, 3], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1], dilations: [1, 1] }),
  conv([1, 3, 8, 8], [4, 3, 3, 3], { pads: [1, 1, 1, 1], strides: [2, 2] }, 22),
  conv([1, 3, 8, 7], [4, 3, 3, 3], { pads: [0, 0, 1, 1], strides: [2, 2] }),
  conv([1, 3, 8, 7], [4, 3, 2, 3], { pads: [2, 0, 1, 3], strides: [2, 1] }),
  conv([1, 3, 8, 7], [4, 3, 1, 1], { strides: [2, 2] }),
  conv([1, 3, 8, 7], [4, 3, 1, 1], { pads: [1, 1, 1, 1] }),
  conv([1, 3, 9, 9], [4, 3, 2, 2], { strides: [3, 4] }),
  conv([1, 3, 9, 9], [4, 3, 3, 3], { dilations: [2, 2], pads: [2, 2, 2, 2] }),
  conv([1, 3, 9, 9], [4, 3, 3, 2], { dilations: [2, 3], pads: [1, 2, 0, 2] }),
  conv([1, 3, 9, 9], [4, 3, 3, 3], { dilations: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1] }),
  conv([1, 3, 9, 8], [4, 3, 3, 3], { auto_pad: "SAME_UPPER", strides: [2, 2] }),
  conv([1, 3, 9, 8], [4, 3, 4, 2], { auto_pad: "SAME_LOWER", strides: [1, 2] }),
  conv([1, 3, 9, 8], [4, 3, 4, 2], { auto_pad: "VALID" }),
  conv([1, 4, 6, 6], [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] }),
  conv([1, 8, 6, 6], [8, 2, 3, 3], { group: 4, pads: [1, 1, 1, 1], strides: [2, 2] }),
  conv([1, 8, 6, 6], [16, 1, 3, 3], { group: 8, pads: [1, 1, 1, 1] }),
  conv([1, 4, 6, 6], [4, 1, 3, 3], { group: 4, pads: [1, 1, 1, 1] }),
  conv([1, 4, 6, 6], [4, 1, 3, 3], { group: 4, pads: [0, 0, 1, 1], strides: [2, 2] }),
  conv([1, 4, 6, 6], [12, 1, 3, 3], { group: 4, pads: [1, 1, 1, 1], strides: [1, 2] }),
  conv([1, 4, 8, 8], [4, 1, 3, 3], { group: 4, dilations: [2, 2], pads: [2, 2, 2, 2] }),
  conv([2, 3, 9], [4, 3, 3]),
  conv([2, 3, 9], [4, 3, 3], { pads: [2, 1], strides: [2] }),
  conv([2, 3, 9], [4, 3, 3], { pads: [4, 0], dilations: [2] }),
  conv([2, 3, 9], [3, 1, 3], { pads: [1, 1], group: 3, strides: [2] }),
  conv([2, 3, 9], [6, 1, 3], { pads: [4, 0], group: 3, dilations: [2] }),
  conv([2, 4, 9], [6, 2, 3], { pads: [1, 1], group: 2 }),
  conv([1, 2, 9], [3, 2, 4], { auto_pad: "SAME_LOWER" }),
  conv([1, 2, 5, 6, 4], [3, 2, 3, 2, 2]),
  conv([1, 2, 5, 6, 4], [3, 2, 3, 3, 3], { pads: [1, 1, 1, 1, 1, 1], strides: [2, 2, 2] }),
  conv([1, 2, 5, 6, 4], [3, 2, 3, 3, 3], { pads: [0, 1, 2, 1, 0, 1], strides: [1, 2, 1] }),
  conv([1, 2, 5, 6, 5], [3, 2, 2, 2, 2], { dilations: [2, 1, 2] }),
  conv([1, 4, 5, 4, 4], [6, 2, 2, 2, 2], { group: 2 }),
  conv([1, 4, 5, 4, 4], [4, 1, 2, 2, 2], { group: 4, pads: [1, 1, 1, 0, 0, 0] }),
  { ...conv([1, 3, 5, 5], [4, 3, 3, 3]), inputs: [floats([1, 3, 5, 5]), floats([4, 3, 3, 3], 2)], constant: [1] },
  dynamic([1, 3, 5, 6], [4, 3, 3, 2], { pads: [1, 0, 1, 1], strides: [2, 1] }),
  dynamic([1, 4, 5, 6], [4, 2, 2, 2], { group: 2, dilations: [2, 1] }),
  dynamic([1, 3, 9], [2, 3, 3], { pads: [1, 1] }),
];

const pad = fc.integer({ min: 0, max: 2 });

const anyConvolution: fc.Arbitrary<OperatorCase> = fc
  .record({
    spatialAxes: fc.integer({ min: 1, max: 3 }),
    groups: fc.constantFrom(1, 1, 2, 3),
    inputs: fc.integer({ min: 1, max: 3 }),
    outputs: fc.integer({ min: 1, max: 3 }),
    batch: fc.integer({ min: 1, max: 2 }),
    rule: fc.constantFrom("NOTSET", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"),
    isConstant: fc.boolean(),
    opset: fc.constantFrom(11, 13, 17, 20, 22),
  })
  .chain((form) =>
    fc
      .array(
        fc
          .record({
            kernel: fc.integer({ min: 1, max: 3 }),
            stride: fc.integer({ min: 1, max: 3 }),
            dilation: form.rule === "NOTSET" ? fc.constantFrom(1, 1, 2) : fc.constant(1),
            before: pad,
            after: pad,
            more: fc.integer({ min: 0, max: 5 }),
          })
          .map((axis) => ({ ...axis, size: (axis.kernel - 1) * axis.dilation + 1 + axis.more })),
        { minLength: form.spatialAxes, maxLength: form.spatialAxes },
      )
      .map((axes): OperatorCase => {
        const { groups, inputs, outputs, batch, rule, opset } = form;
        const filter = [outputs * groups, inputs, ...axes.map(({ kernel }) => kernel)];
        return {
          op: "Conv",
          opset,
          inputs: [floats([batch, inputs * groups, ...axes.map(({ size }) => size)]), floats(filter, 2)],
          constant: form.isConstant ? [1] : [],
          attributes: {
            kernel_shape: axes.map(({ kernel }) => kernel),
            strides: axes.map(({ stride }) => stride),
            dilations: axes.map(({ dilation }) => dilation),
            group: groups,
            ...(rule === "NOTSET"
              ? { pads: [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)] }
              : { auto_pad: rule }),
          },
        };
      }),
  );

const backends = await usableBackends();
checkCases(backends, cases);
checkProperty(backends, "Conv", anyConvolution, 60);
