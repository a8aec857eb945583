import {
  between,
  booleans,
  floats,
  integers,
  row,
  scalar,
  type TestedCase,
  testOperators,
} from "./support/operatorTests.ts";

const names = [
  "ReduceSum",
  "ReduceMean",
  "ReduceMax",
  "ReduceMin",
  "ReduceProd",
  "ReduceL1",
  "ReduceL2",
  "ReduceSumSquare",
  "ReduceLogSum",
  "ReduceLogSumExp",
];
const ofIntegers = ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceSumSquare"];

/** Sums that do not cancel, which would drown the differences in rounding. */
const summed = ["ReduceSum", "ReduceMean", "ReduceLogSum"];
const x = (op: string) => (summed.includes(op) ? between(0.3, 2, [2, 3, 4]) : floats([2, 3, 4]));
const step = 1e-3;

const cases = names.flatMap((op): TestedCase[] => [
  // Axes by attribute: all operators up to opset 12, and all but ReduceSum up to 17.
  { op, opset: 11, inputs: [x(op)], step },
  { op, opset: 11, inputs: [x(op)], attributes: { axes: [1], keepdims: 0 }, step },
  { op, opset: 11, inputs: [x(op)], attributes: { axes: [-1, 0], keepdims: 1 }, step },
  ...(op === "ReduceSum" ? [] : [{ op, opset: 17, inputs: [x(op)], attributes: { axes: [2] }, step }]),
  { op, opset: 18, inputs: [x(op), row(-1)], constant: [1], attributes: { keepdims: 0 }, step },
  { op, opset: 18, inputs: [x(op), row(0, 2)], attributes: { keepdims: 1 }, step, note: "computed axes" },
  { op, opset: 18, inputs: [x(op)], attributes: { keepdims: 0 }, step },
  { op, opset: 18, inputs: [x(op), row()], constant: [1], attributes: { noop_with_empty_axes: 1 }, step },
  { op, opset: 18, inputs: [x(op)], attributes: { noop_with_empty_axes: 1 }, step },
  { op, opset: 18, inputs: [{ ...x(op), shape: [2, 1, 3, 2, 2] }, row(1, 3)], constant: [1], step, note: "rank 5" },
]);

const zeros = { type: "float", shape: [2, 3], data: [0, 0, 0, 1, 2, -2] } as const;

await testOperators([
  ...cases,
  ...ofIntegers.flatMap((op): TestedCase[] => [
    { op, opset: 18, inputs: [integers(-4, 6, [2, 3, 4], 5, "int32"), row(1)], constant: [1], outputs: ["int32"] },
    { op, opset: 11, inputs: [integers(-4, 6, [2, 3], 5, "int32")], attributes: { keepdims: 0 }, outputs: ["int32"] },
  ]),
  ...["ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd"].map(
    (op): TestedCase => ({ op, opset: 18, inputs: [integers(-3, 3, [2, 3]), row(-1)], outputs: ["int64"] }),
  ),
  ...["ReduceMax", "ReduceMin"].map(
    (op): TestedCase => ({ op, opset: 20, inputs: [booleans([2, 5]), row(-1)], constant: [1], outputs: ["bool"] }),
  ),
  {
    op: "ReduceSum",
    opset: 18,
    inputs: [{ type: "float", shape: [2, 0], data: [] }, row(1)],
    constant: [1],
    gradients: [],
  },
  {
    op: "ReduceLogSumExp",
    opset: 18,
    inputs: [{ type: "float", shape: [2, 3], data: [400, 401, 399, -400, -401, -402] }],
    gradients: [],
  },
  {
    op: "ReduceProd",
    opset: 18,
    inputs: [zeros, row(1)],
    constant: [1],
    note: "zeros among the factors",
    step,
  },
  ...["ArgMax", "ArgMin"].flatMap((op): TestedCase[] =>
    [{}, { axis: 1 }, { axis: -1, keepdims: 0 }, { axis: 1, select_last_index: 1 }].flatMap(
      (attributes): TestedCase[] => [
        { op, opset: 13, inputs: [floats([2, 3, 4])], attributes, outputs: ["int64"] },
        {
          op,
          opset: 13,
          inputs: [integers(0, 1, [2, 5, 3], 3, "int32")],
          attributes,
          outputs: ["int64"],
          note: "ties",
        },
      ],
    ),
  ),
  ...[{}, { exclusive: 1 }, { reverse: 1 }, { exclusive: 1, reverse: 1 }].flatMap((attributes): TestedCase[] => [
    ...[0, 1, -1].map(
      (axis): TestedCase => ({
        op: "CumSum",
        opset: 14,
        inputs: [floats([2, 3, 4]), scalar(axis)],
        constant: [1],
        attributes,
        note: `axis ${axis}`,
      }),
    ),
    { op: "CumSum", opset: 14, inputs: [integers(-5, 5, [2, 4]), scalar(1)], attributes, outputs: ["int64"] },
  ]),
  ...[{}, { axis: 0 }, { axis: 1, largest: 0 }].map(
    (attributes): TestedCase => ({
      op: "TopK",
      opset: 11,
      inputs: [floats([3, 4, 5]), row(2)],
      constant: [1],
      attributes,
      outputs: ["float", "int64"],
      step,
    }),
  ),
  { op: "TopK", opset: 11, inputs: [integers(0, 3, [2, 8]), row(4)], outputs: ["int64", "int64"], note: "ties" },
]);
