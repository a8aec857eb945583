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

const a = floats([2, 3, 4]);
const b = between(0.5, 1.7, [3, 1], 5);
const positive = between(0.4, 2.1, [2, 3, 4], 3);

const pair = (op: string, opset: number): TestedCase => ({ op, opset, inputs: [a, b], gradients: [0, 1], step: 1e-2 });
const ofIntegers = (op: string, opset: number, attributes = {}): TestedCase[] =>
  (["int64", "int32"] as const).map((type) => ({
    op,
    opset,
    inputs: [integers(-9, 9, [2, 3, 4], 2, type), { type, shape: [4], data: [3, -2, 5, -7] }],
    attributes,
    outputs: [type],
  }));

const pow = (exponent: number, base = positive): TestedCase => ({
  op: "Pow",
  opset: 15,
  inputs: [base, scalar(exponent, "float")],
  constant: [1],
  note: `constant ${exponent}`,
  step: 1e-2,
});

const clipped = floats([2, 3, 4], 9, 0.1);

await testOperators([
  pair("Add", 14),
  pair("Sub", 14),
  pair("Mul", 14),
  pair("Div", 14),
  ...["Add", "Sub", "Mul", "Div"].flatMap((op) => ofIntegers(op, 14)),
  { op: "Div", opset: 14, inputs: [floats([4, 1]), between(-2, -1, [1, 3])], gradients: [0, 1] },
  pow(2, a),
  pow(3, a),
  pow(1, a),
  pow(0.5),
  pow(-1),
  pow(-0.5),
  pow(1.7),
  pow(4, a),
  { op: "Pow", opset: 15, inputs: [positive, between(-1, 2.5, [4])], gradients: [0, 1], step: 1e-2 },
  { op: "Pow", opset: 15, inputs: [positive, row(1, 2, -1, 0)], note: "of floats to integers", step: 1e-2 },
  { op: "Pow", opset: 15, inputs: [integers(-3, 3, [2, 3]), row(2, 3, 1)], outputs: ["int64"] },
  ...ofIntegers("Mod", 13),
  ...ofIntegers("Mod", 13, { fmod: 1 }),
  {
    op: "Mod",
    opset: 13,
    inputs: [floats([5], 1, 0.33), between(0.35, 0.4, [2, 1])],
    attributes: { fmod: 1 },
    gradients: [0, 1],
    step: 1e-3,
  },
  ...["Max", "Min", "Sum", "Mean"].map(
    (op): TestedCase => ({
      op,
      opset: 13,
      inputs: [floats([2, 3, 4], 1), floats([3, 1], 2, 0.31), floats([1, 1, 4], 3, 0.23)],
      gradients: [0, 1, 2],
      step: 1e-3,
    }),
  ),
  { op: "Max", opset: 13, inputs: [floats([2, 3])], note: "of one" },
  ...["Max", "Min"].flatMap((op) => ofIntegers(op, 13)),
  ...["Abs", "Neg", "Exp", "Sin", "Cos", "Atan", "Sinh", "Cosh", "Asinh"].map(
    (op): TestedCase => ({ op, opset: 13, inputs: [a], step: 1e-2 }),
  ),
  ...["Sqrt", "Log", "Reciprocal"].map((op): TestedCase => ({ op, opset: 13, inputs: [positive], step: 1e-2 })),
  ...["Tan", "Asin", "Acos", "Atanh"].map(
    (op): TestedCase => ({ op, opset: 13, inputs: [between(-0.8, 0.8, [2, 3, 4])], step: 1e-2 }),
  ),
  { op: "Acosh", opset: 13, inputs: [between(1.4, 3, [2, 3, 4])], step: 1e-2 },
  ...["Abs", "Neg", "Sign"].map(
    (op): TestedCase => ({ op, opset: 13, inputs: [integers(-5, 5, [2, 3])], outputs: ["int64"] }),
  ),
  ...["Floor", "Ceil", "Round", "Sign"].map(
    (op): TestedCase => ({
      op,
      opset: 13,
      inputs: [
        { type: "float", shape: [12], data: [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, -3.7, 2.2, 0, 1e6 + 0.5, -4] },
      ],
      gradients: [],
    }),
  ),
  { op: "Clip", opset: 6, inputs: [clipped], attributes: { min: -0.41, max: 0.63 }, step: 1e-3 },
  { op: "Clip", opset: 6, inputs: [clipped], attributes: { min: -0.41 }, step: 1e-3 },
  { op: "Clip", opset: 13, inputs: [clipped], step: 1e-3 },
  { op: "Clip", opset: 13, inputs: [clipped, scalar(-0.41, "float")], constant: [1], step: 1e-3 },
  { op: "Clip", opset: 13, inputs: [clipped, null, scalar(0.63, "float")], constant: [2], step: 1e-3 },
  {
    op: "Clip",
    opset: 13,
    inputs: [clipped, scalar(-0.41, "float"), scalar(0.63, "float")],
    gradients: [0, 1, 2],
    step: 1e-3,
    note: "computed bounds",
  },
  {
    op: "Clip",
    opset: 13,
    inputs: [clipped, scalar(0.8, "float"), scalar(0.5, "float")],
    constant: [1, 2],
    gradients: [],
    note: "crossed bounds",
  },
  { op: "Clip", opset: 13, inputs: [integers(-9, 9, [7]), scalar(-3), scalar(4)], outputs: ["int64"] },
  { op: "BitwiseAnd", opset: 18, inputs: [integers(0, 99, [2, 3]), integers(0, 99, [3], 4)], outputs: ["int64"] },
  { op: "BitwiseOr", opset: 18, inputs: [integers(0, 99, [2, 3]), integers(0, 99, [3], 4)], outputs: ["int64"] },
  { op: "BitwiseXor", opset: 18, inputs: [integers(0, 99, [2, 3]), integers(0, 99, [3], 4)], outputs: ["int64"] },
  ...["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"].flatMap((op): TestedCase[] => [
    { op, opset: 16, inputs: [integers(-2, 2, [2, 3, 4]), integers(-2, 2, [3, 1], 2)], outputs: ["bool"] },
    { op, opset: 16, inputs: [integers(-2, 2, [9], 3, "int32"), scalar(1, "int32")], outputs: ["bool"] },
    { op, opset: 16, inputs: [floats([2, 3]), floats([2, 1])], outputs: ["bool"] },
  ]),
  { op: "Equal", opset: 13, inputs: [booleans([2, 3]), booleans([3], 2)], outputs: ["bool"] },
  ...["And", "Or", "Xor"].map(
    (op): TestedCase => ({ op, opset: 7, inputs: [booleans([2, 3, 4]), booleans([3, 1], 2)], outputs: ["bool"] }),
  ),
  { op: "Not", opset: 1, inputs: [booleans([2, 3])], outputs: ["bool"] },
  ...[{}, { detect_negative: 0 }, { detect_positive: 0 }].map(
    (attributes): TestedCase => ({
      op: "IsInf",
      opset: 10,
      inputs: [
        { type: "float", shape: [4], data: [1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN] },
      ],
      attributes,
      outputs: ["bool"],
    }),
  ),
  {
    op: "IsNaN",
    opset: 13,
    inputs: [{ type: "float", shape: [3], data: [1, Number.NaN, Number.NEGATIVE_INFINITY] }],
    outputs: ["bool"],
  },
  { op: "Where", opset: 16, inputs: [booleans([3, 1]), floats([2, 3, 4]), floats([4], 2)], gradients: [1, 2] },
  { op: "Where", opset: 16, inputs: [booleans([2, 3]), integers(-9, 9, [3]), scalar(5)], outputs: ["int64"] },
  {
    op: "Where",
    opset: 9,
    inputs: [booleans([1, 1, 4]), floats([2, 3, 4]), scalar(Number.NEGATIVE_INFINITY, "float")],
    gradients: [],
    note: "a mask of infinity",
  },
]);
