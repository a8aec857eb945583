import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { usableBackends } from "../backends.ts";
import { type CheckedCase, checkCases, checkProperty, floats, prepare } from "./support/checkedCases.ts";
import type { TestAttribute, TestTensor } from "./support/onnxBytes.ts";
import { computed, type OperatorCase, operatorGraph } from "./support/operatorCase.ts";

type Attributes = Readonly<Record<string, TestAttribute>>;

const vector = (size: number, seed: number) => floats([size], seed);

/** Variances are not negative. */
const positive = (size: number, seed: number): TestTensor => ({
  ...vector(size, seed),
  data: vector(size, seed).data.map((value) => Math.abs(value) + 0.3),
});

const batch = (x: readonly number[], attributes: Attributes = {}, opset = 15, isConstant = true): CheckedCase => {
  const channels = x[1] ?? 1;
  return {
    op: "BatchNormalization",
    opset,
    inputs: [floats(x), vector(channels, 2), vector(channels, 3), vector(channels, 4), positive(channels, 5)],
    constant: isConstant ? [1, 2, 3, 4] : [],
    attributes,
    ...(isConstant ? {} : { gradients: [0, 1, 2, 3, 4], differences: { step: 1e-2 } }),
  };
};

const scaled = (
  op: string,
  opset: number,
  x: readonly number[],
  sizes: readonly (readonly number[])[],
  more: Partial<CheckedCase> = {},
): CheckedCase => ({
  op,
  opset,
  inputs: [floats(x), ...sizes.map((shape, i) => floats(shape, i + 2))],
  constant: sizes.map((_, i) => i + 1),
  differences: { step: 1e-2 },
  ...more,
});

const alone = (op: string, opset: number, x: readonly number[], attributes: Attributes = {}): CheckedCase => ({
  op,
  opset,
  inputs: [floats(x)],
  attributes,
  differences: { step: 1e-2 },
});

const three = { outputs: ["float", "float", "float"] } as const;

const cases: readonly CheckedCase[] = [
  batch([2, 3, 4, 5], { epsilon: 1e-3 }),
  batch([2, 3, 4, 5], { momentum: 0.9 }, 9),
  batch([2, 3, 4, 5], { training_mode: 0 }, 14),
  batch([4, 3]),
  batch([2, 3, 7]),
  batch([2, 3, 2, 3, 2]),
  batch([2, 3, 4, 5], {}, 15, false),
  scaled("InstanceNormalization", 6, [2, 3, 4, 5], [[3], [3]], { attributes: { epsilon: 1e-2 } }),
  scaled("InstanceNormalization", 6, [2, 3, 7], [[3], [3]], { constant: [], gradients: [0, 1, 2] }),
  scaled("InstanceNormalization", 6, [1, 3, 3, 2, 3], [[3], [3]]),
  scaled("LayerNormalization", 17, [2, 3, 6], [[6], [6]], { attributes: { epsilon: 1e-3 } }),
  scaled("LayerNormalization", 17, [2, 3, 6], [[6]], { attributes: { axis: 2 } }),
  scaled(
    "LayerNormalization",
    17,
    [2, 3, 4],
    [
      [3, 4],
      [3, 4],
    ],
    {
      attributes: { axis: 1 },
      constant: [],
      gradients: [0, 1, 2],
    },
  ),
  scaled("LayerNormalization", 17, [2, 3, 4], [[4], [4]], three),
  scaled(
    "LayerNormalization",
    17,
    [2, 3, 4, 2],
    [
      [4, 2],
      [4, 2],
    ],
    { ...three, attributes: { axis: -2 } },
  ),
  scaled("GroupNormalization", 18, [2, 6, 3, 2], [[3], [3]], { attributes: { num_groups: 3 } }),
  scaled("GroupNormalization", 18, [2, 6, 3, 2], [[6], [6]], { attributes: { num_groups: 6 } }),
  scaled("GroupNormalization", 21, [2, 6, 3, 2], [[6], [6]], { attributes: { num_groups: 3, epsilon: 1e-3 } }),
  scaled("GroupNormalization", 21, [2, 4, 5], [[4], [4]], {
    attributes: { num_groups: 1 },
    constant: [],
    gradients: [0, 1, 2],
  }),
  scaled("SimplifiedLayerNormalization", 17, [2, 3, 6], [[6]]),
  alone("LRN", 13, [2, 6, 3, 4], { size: 3, alpha: 0.3, beta: 0.6, bias: 1.2 }),
  alone("LRN", 13, [1, 7, 2, 3], { size: 5 }),
  alone("MeanVarianceNormalization", 13, [2, 3, 4, 5]),
  alone("MeanVarianceNormalization", 13, [2, 3, 4, 5], { axes: [1, 2] }),
  alone("LpNormalization", 1, [2, 3, 4]),
  alone("LpNormalization", 1, [2, 3, 4], { axis: 1, p: 1 }),
  scaled("SkipLayerNormalization", 17, [2, 3, 6], [[2, 3, 6], [6], [6], [6]], {
    domain: "com.microsoft",
    constant: [2, 3, 4],
    gradients: [0, 1],
    attributes: { epsilon: 1e-3 },
  }),
  scaled("SkipLayerNormalization", 17, [2, 3, 6], [[2, 3, 6], [6], [6]], { domain: "com.microsoft" }),
  scaled("SkipSimplifiedLayerNormalization", 17, [2, 3, 6], [[2, 3, 6], [6], [6]], { domain: "com.microsoft" }),
];

const anyNormalization: fc.Arbitrary<OperatorCase> = fc
  .record({
    op: fc.constantFrom(
      "BatchNormalization",
      "InstanceNormalization",
      "GroupNormalization",
      "LRN",
      "LayerNormalization",
    ),
    batchSize: fc.integer({ min: 1, max: 3 }),
    groups: fc.integer({ min: 1, max: 3 }),
    each: fc.integer({ min: 1, max: 3 }),
    spatial: fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 1, maxLength: 3 }),
    axis: fc.integer({ min: 0, max: 2 }),
    negative: fc.boolean(),
    // onnxruntime takes odd sizes only.
    size: fc.constantFrom(1, 3, 5),
    epsilon: fc.constantFrom(1e-5, 1e-3, 0.1),
  })
  .map(({ op, batchSize, groups, each, spatial, axis, negative, size, epsilon }): OperatorCase => {
    const channels = groups * each;
    const x = [batchSize, channels, ...spatial];
    switch (op) {
      case "BatchNormalization":
        return batch(x, { epsilon });
      case "InstanceNormalization":
        return scaled(op, 6, x, [[channels], [channels]], { attributes: { epsilon } });
      case "GroupNormalization":
        return scaled(op, 21, x, [[channels], [channels]], { attributes: { epsilon, num_groups: groups } });
      case "LRN":
        return alone(op, 13, [batchSize, channels, 3, spatial[0] ?? 1], { size, alpha: 0.2, bias: 1 + epsilon });
      default: {
        const rest = x.slice(axis);
        return scaled(op, 17, x, [rest, rest], { attributes: { epsilon, axis: negative ? axis - x.length : axis } });
      }
    }
  });

const backends = await usableBackends();
checkCases(backends, cases);
checkProperty(backends, "normalization", anyNormalization, 40);

test("statistics of the batch are refused by name", async () => {
  await prepare("cpu");
  const training = batch([2, 3, 4, 5], { training_mode: 1 }, 15, false);
  const feeds = Object.fromEntries(training.inputs.flatMap((input, i) => (input === null ? [] : [[`x${i}`, input]])));
  assert.throws(() => computed(operatorGraph(training), 15, feeds), {
    code: "model-unsupported-shape",
    message: /BatchNormalization/,
  });
});
