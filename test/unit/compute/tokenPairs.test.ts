import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../../src/common/errors.ts";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { type ExplainRequest, explainRequestSchema } from "../../../src/protocol/explain.ts";
import type { TokenMatrix } from "../../../src/protocol/tokenMatrix.ts";
import { usableBackends, useBackend } from "../models/backends.ts";
import { saveLayers } from "../models/savedLayers.ts";

const LENGTH = 6;
const words = ["[PAD]", "[UNK]", "the", "cat", "sat", "on", "mat", "dog", "lay", "down"];
const DIMENSIONS = 3;
const WIDTH = 4;

type Tower = (input: layers.SymbolicTensor, name: string) => layers.SymbolicTensor;

/** Two towers over two texts. */
function twoTowers(tower: Tower): layers.LayersModel {
  const inputs = ["left", "right"].map((name) => layers.input({ shape: [LENGTH], name, dtype: "int32" }));
  const [left, right] = inputs;
  assert(left && right);
  return layers.model({ inputs, outputs: [tower(left, "a"), tower(right, "b")] });
}

/** The mean of the tokens' embeddings, times a matrix: bilinear in the two texts. */
const linear: Tower = (input, name) => {
  const embedded = layers.layers
    .embedding({ inputDim: words.length, outputDim: DIMENSIONS, name: `${name}_words` })
    .apply(input);
  const pooled = layers.layers.globalAveragePooling1d({}).apply(embedded);
  return layers.layers.dense({ units: WIDTH, name }).apply(pooled) as layers.SymbolicTensor;
};

/** Each token through a bend of its own, and the whole through another. */
const bent: Tower = (input, name) => {
  const embedded = layers.layers
    .embedding({ inputDim: words.length, outputDim: DIMENSIONS, name: `${name}_words` })
    .apply(input);
  const hidden = layers.layers.dense({ units: 5, activation: "tanh", name: `${name}_hidden` }).apply(embedded);
  const flat = layers.layers.flatten().apply(hidden);
  return layers.layers.dense({ units: WIDTH, activation: "sigmoid", name }).apply(flat) as layers.SymbolicTensor;
};

/** A kernel on the way whose gradient is another kernel, EluGrad. */
const elu: Tower = (input, name) => {
  const embedded = layers.layers
    .embedding({ inputDim: words.length, outputDim: DIMENSIONS, name: `${name}_words` })
    .apply(input);
  const hidden = layers.layers.dense({ units: 5, activation: "elu", name: `${name}_hidden` }).apply(embedded);
  const flat = layers.layers.flatten().apply(hidden);
  return layers.layers.dense({ units: 24, name }).apply(flat) as layers.SymbolicTensor;
};

/** The strongest place of each feature: where that is padding, all of the padding is tied, along the whole path. */
const tied: Tower = (input, name) => {
  const embedded = layers.layers
    .embedding({ inputDim: words.length, outputDim: DIMENSIONS, name: `${name}_words` })
    .apply(input);
  const hidden = layers.layers.dense({ units: 24, activation: "tanh", name: `${name}_hidden` }).apply(embedded);
  return layers.layers.globalMaxPooling1d({ name }).apply(hidden) as layers.SymbolicTensor;
};

const models = { linear: twoTowers(linear), bent: twoTowers(bent), elu: twoTowers(elu), tied: twoTowers(tied) };
const folders = new Map<string, string>();
for (const [name, model] of Object.entries(models)) {
  const folder = await saveLayers(model);
  writeFileSync(join(folder, "vocab.txt"), `${words.join("\n")}\n`);
  folders.set(name, folder);
}
const texts = { left: "the cat sat on", right: "the dog lay down mat" };
const ids = { left: [2, 3, 4, 5, 0, 0], right: [2, 7, 8, 9, 6, 0] };

function request(model: keyof typeof models, expression: string, settings: object = {}): ExplainRequest {
  const folder = folders.get(model) ?? "";
  const input = (name: string) => ({ kind: "text", name, tokenizer: { type: "words", vocabulary: "vocab.txt" } });
  return explainRequestSchema.parse({
    model: {
      path: join(folder, "model.json"),
      baseFolder: folder,
      entry: { name: "towers", path: "model.json", inputs: [input("left"), input("right")] },
    },
    samples: Object.entries(texts).map(([name, text]) => ({ input: name, sample: { kind: "text", text } })),
    settings: { tolerance: 0.001, target: { kind: "expression", expression }, ...settings },
  });
}

type Vector = readonly number[];

/** A layer's weights as rows of numbers. */
function weightsOf(model: layers.LayersModel, name: string): { kernel: Vector[]; bias: Vector } {
  const [kernel, bias] = model.getLayer(name).getWeights();
  assert(kernel !== undefined);
  const [, width = 1] = kernel.shape;
  const flat = Array.from(kernel.dataSync());
  const rows = Array.from({ length: flat.length / width }, (_, row) => flat.slice(row * width, (row + 1) * width));
  return { kernel: rows, bias: bias === undefined ? [] : Array.from(bias.dataSync()) };
}

const dense = (input: Vector, { kernel, bias }: { kernel: Vector[]; bias: Vector }): number[] =>
  bias.map((start, k) => input.reduce((sum, value, i) => sum + value * (kernel[i]?.[k] ?? 0), start));

/** A tower in float64, from the embeddings of its tokens. */
function towerOf(name: keyof typeof models, side: "a" | "b"): (tokens: readonly Vector[]) => number[] {
  const model = models[name];
  const last = weightsOf(model, side);
  if (name === "linear") {
    return (tokens) => {
      const mean = Array.from(
        { length: DIMENSIONS },
        (_, k) => tokens.reduce((sum, t) => sum + (t[k] ?? 0), 0) / LENGTH,
      );
      return dense(mean, last);
    };
  }
  const hidden = weightsOf(model, `${side}_hidden`);
  const curve = name === "bent" ? Math.tanh : (value: number) => (value > 0 ? value : Math.exp(value) - 1);
  const end = name === "bent" ? (value: number) => 1 / (1 + Math.exp(-value)) : (value: number) => value;
  return (tokens) =>
    dense(
      tokens.flatMap((token) => dense(token, hidden).map(curve)),
      last,
    ).map(end);
}

const dot = (a: Vector, b: Vector): number => a.reduce((sum, value, k) => sum + value * (b[k] ?? 0), 0);
const normalised = (a: Vector): number[] => a.map((value) => value / Math.sqrt(dot(a, a)));

/** Integrated Jacobian of each token in float64, by 200 midpoints and central differences; and the vector at both ends. */
function integratedJacobian(name: keyof typeof models, side: "a" | "b", unit: boolean) {
  const table = weightsOf(models[name], `${side}_words`).kernel;
  const x = ids[side === "a" ? "left" : "right"].map((id) => table[id] ?? []);
  const tower = towerOf(name, side);
  const e = (tokens: readonly Vector[]): number[] => (unit ? normalised(tower(tokens)) : tower(tokens));
  const at = (alpha: number): number[][] => x.map((token) => token.map((value) => alpha * value));
  const steps = 200;
  const parts = x.map((_, i) => {
    let sum: number[] = [];
    for (let k = 0; k < steps; k++) {
      const alpha = (k + 0.5) / steps;
      const moved = (by: number) =>
        e(at(alpha).map((token, j) => (j === i ? token.map((value, d) => value + by * (x[i]?.[d] ?? 0)) : token)));
      const [up, down] = [moved(1e-5), moved(-1e-5)];
      sum = up.map((value, c) => (sum[c] ?? 0) + (value - (down[c] ?? 0)) / 2e-5 / steps);
    }
    return sum;
  });
  return { parts, start: e(at(0)), end: e(at(1)) };
}

function check(matrix: TokenMatrix, name: keyof typeof models, unit: boolean, tolerance: number): void {
  const [left, right] = [integratedJacobian(name, "a", unit), integratedJacobian(name, "b", unit)];
  const expected = matrix.rows.flatMap((_, i) =>
    matrix.columns.map((__, j) => dot(left.parts[i] ?? [], right.parts[j] ?? [])),
  );
  const size = expected.reduce((sum, value) => sum + Math.abs(value), 0);
  const off = expected.reduce((sum, value, k) => sum + Math.abs(value - (matrix.values[k] ?? Number.NaN)), 0);
  assert.ok(off <= tolerance * size, `${name}: off by ${off} of ${size}`);
  const stated = Array.from(matrix.cellErrors ?? []).reduce((sum, value) => sum + value, 0);
  // An estimate, not a bound: it may be short where the curve has a kink in its slope.
  assert.ok(off <= 1.5 * stated + 1e-4 * size, `${name}: off by ${off}, stated ${stated}`);
  const change = (vectors: typeof left) => vectors.end.map((value, k) => value - (vectors.start[k] ?? 0));
  const { total, alone } = matrix;
  assert(total && alone);
  const interaction = dot(change(left), change(right));
  assert.ok(Math.abs(total.deltaF - interaction) <= 1e-4 * (Math.abs(interaction) + size));
  assert.ok(total.completenessError.absolute <= 0.002 * Math.abs(interaction) + 1e-5, JSON.stringify(total));
  const whole = dot(left.end, right.end) - dot(left.start, right.start);
  assert.ok(Math.abs(alone.deltaF - whole) <= 1e-4 * (1 + Math.abs(whole)));
  const parts = [matrix.values, alone.rows, alone.columns].map((part) => part.reduce((sum, value) => sum + value, 0));
  const everything = parts.reduce((sum, value) => sum + value, 0);
  assert.ok(Math.abs(everything - whole) <= 0.003 * size + 1e-5, `${everything} for ${whole}`);
  for (const [i, part] of left.parts.slice(0, matrix.rows.length).entries()) {
    assert.ok(Math.abs((alone.rows[i] ?? Number.NaN) - dot(part, right.start)) <= 0.003 * size + 1e-5);
  }
  assert.ok(alone.componentError <= 0.002, String(alone.componentError));
}

for (const backend of await usableBackends()) {
  test(`${backend}: the pairs of a bilinear model are known, those of bent towers agree with float64`, async () => {
    await useBackend(backend);
    const service = new ExplainService();
    try {
      for (const [name, expression, unit] of [
        ["linear", "dot(a, b)", false],
        ["bent", "dot(a, b)", false],
        ["bent", "cosine(a, b)", true],
      ] as const) {
        const { runId, deltaF } = await service.explain(request(name, expression, { backend }));
        const tensors = tf.memory().numTensors;
        let evaluations = 0;
        const { matrix } = await service.tokenPairs(runId, { onProgress: (count) => (evaluations = count) });
        assert.equal(tf.memory().numTensors, tensors);
        assert(matrix?.total);
        assert.equal(matrix.kind, "pairs");
        assert.equal(matrix.total.status, "converged");
        assert.equal(matrix.total.evaluations, evaluations);
        assert.deepEqual(matrix.alone?.notes, []);
        assert.deepEqual(
          matrix.rows.slice(0, 4).map(({ text }) => text),
          texts.left.split(" "),
        );
        check(matrix, name, unit, 0.003);
        assert.ok(Math.abs((matrix.alone?.deltaF ?? Number.NaN) - deltaF) <= 1e-4 * (1 + Math.abs(deltaF)));
      }
    } finally {
      await service.dispose();
    }
  });

  test(`${backend}: where a kernel has no transpose, differences take its place and say so`, async () => {
    await useBackend(backend);
    const service = new ExplainService();
    // Every backward kernel on the way to a text has a transpose; for this test one of them does not.
    const transpose = tf.getGradient("EluGrad");
    const { gradFunc } = transpose;
    try {
      const { runId } = await service.explain(request("elu", "dot(a, b)", { backend, tolerance: 0.005 }));
      transpose.gradFunc = () => {
        throw new Error("EluGrad has no transpose.");
      };
      const { matrix } = await service.tokenPairs(runId);
      assert(matrix?.alone);
      assert.match(matrix.alone.notes[0] ?? "", /central differences.*EluGrad/);
      check(matrix, "elu", false, 0.01);
    } finally {
      transpose.gradFunc = gradFunc;
      await service.dispose();
    }
  });
}

test("what is no similarity of two texts is refused; a cancel leaves nothing behind", async () => {
  await useBackend("cpu");
  const service = new ExplainService();
  try {
    for (const [expression, found] of [
      ["a[0] - b[0]", /another calculation/],
      ["cosine(a, a)", /left, and from left/],
      ["dot(a + b, b)", /left and right/],
    ] as const) {
      const { runId } = await service.explain(request("bent", expression, { backend: "cpu", tolerance: 0.05 }));
      await assert.rejects(
        service.tokenPairs(runId),
        (error) =>
          error instanceof PathlightError && error.code === "target-invalid" && found.test(error.details.found ?? ""),
        expression,
      );
    }
    const { runId } = await service.explain(request("bent", "dot(a, b)", { backend: "cpu", tolerance: 0.05 }));
    const controller = new AbortController();
    const tensors = tf.memory().numTensors;
    await assert.rejects(
      service.tokenPairs(runId, { signal: controller.signal, onProgress: () => controller.abort() }),
      { code: "cancelled" },
    );
    assert.equal(tf.memory().numTensors, tensors);
  } finally {
    await service.dispose();
  }
});

test("a maximum that padding ties is no disagreement", async () => {
  await useBackend("cpu");
  const service = new ExplainService();
  try {
    const samples: ExplainRequest["samples"] = [
      { input: "left", sample: { kind: "text", text: "cat" } },
      { input: "right", sample: { kind: "text", text: "dog" } },
    ];
    const { runId } = await service.explain({ ...request("tied", "dot(a, b)", { backend: "cpu" }), samples });
    const { matrix } = await service.tokenPairs(runId);
    assert(matrix?.total && matrix.alone);
    assert.deepEqual(matrix.alone.notes, []);
    assert.equal(matrix.total.status, "converged");
    const pads = [...matrix.rows.keys()].filter((row) => matrix.rows[row]?.special === "pad");
    assert.ok(
      pads.length === 5 && pads.every((row) => matrix.alone?.rows[row] !== 0),
      "padding is the maximum somewhere",
    );
  } finally {
    await service.dispose();
  }
});
