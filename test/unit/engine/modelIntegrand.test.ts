import assert from "node:assert/strict";
import test from "node:test";
import "./cpuBackend.ts";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../src/common/errors.ts";
import { integrate } from "../../../src/engine/integrate.ts";
import { attribute } from "../../../src/engine/methods.ts";
import { ModelIntegrand } from "../../../src/engine/modelIntegrand.ts";
import { predict } from "../../../src/engine/predict.ts";
import type { ScoreTarget } from "../../../src/engine/scoreOf.ts";
import { tinyModel, tinyModelOf } from "./tinyModel.ts";

const weights = [
  [1.5, -2, 0.5],
  [-1, 0.7, 2],
];
const x = [1.2, -0.6];
const options = { rule: "adaptive", tolerance: 0.001 } as const;

/** Two features to three logits, with a bend. */
const classifier = tinyModel([2], (point) =>
  tf.matMul(tf.add(point, tf.square(point)) as tf.Tensor2D, tf.tensor2d(weights)),
);

function logitsAt(point: readonly number[]): number[] {
  return [0, 1, 2].map((k) => point.reduce((sum, v, i) => sum + (v + v * v) * (weights[i]?.[k] ?? 0), 0));
}

function softmaxOf(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const powers = logits.map((z) => Math.exp(z - largest));
  return powers.map((power) => power / powers.reduce((a, b) => a + b, 0));
}

async function withInputs<T>(
  target: Partial<ScoreTarget>,
  run: (integrand: ModelIntegrand) => Promise<T>,
  model = classifier,
  sample = x,
): Promise<T> {
  const before = tf.memory().numTensors;
  const [input, baseline] = [tf.tensor2d([sample]), tf.zeros([1, sample.length])];
  try {
    const explained = [{ node: "x", x: input, baseline }];
    const integrand = await ModelIntegrand.create({
      model,
      explained,
      target: { fetch: "y", index: 1, link: "identity", ...target },
    });
    return await run(integrand);
  } finally {
    tf.dispose([input, baseline]);
    assert.equal(tf.memory().numTensors, before, "tensors are left behind");
  }
}

function hasCode(code: string, message = /./): (error: unknown) => boolean {
  return (error) => error instanceof PathlightError && error.code === code && message.test(error.message);
}

function close(left: number, right: number, tolerance = 1e-5): void {
  assert.ok(Math.abs(left - right) <= tolerance, `${left} is not ${right}`);
}

test("score and gradient agree with central differences in float64, for every link and target", async () => {
  const scores = {
    identity: (z: readonly number[]) => z,
    softmax: softmaxOf,
    sigmoid: (z: readonly number[]) => z.map((v) => 1 / (1 + Math.exp(-v))),
  };
  for (const link of ["identity", "softmax", "sigmoid"] as const) {
    for (const index of [0, 1, 2]) {
      const alphas = [0, 0.25, 0.8, 1];
      const { f, g } = await withInputs({ link, index }, (integrand) => integrand.evaluate(alphas));
      for (const [row, alpha] of alphas.entries()) {
        const score = (t: readonly number[]): number =>
          scores[link](logitsAt(x.map((v, i) => (t[i] ?? 0) * v)))[index] ?? 0;
        close(f[row] ?? Number.NaN, score([alpha, alpha]));
        for (const i of [0, 1]) {
          const moved = (by: number): number => score([0, 1].map((k) => alpha + (k === i ? by : 0)));
          close(g[row]?.[i] ?? Number.NaN, (moved(1e-5) - moved(-1e-5)) / 2e-5, 1e-4);
        }
      }
    }
  }
});

test("a softmax of far apart logits stays finite", async () => {
  const steep = tinyModel([2], (point) => tf.mul(point, 1e4));
  const { f, g } = await withInputs({ link: "softmax", index: 0 }, (integrand) => integrand.evaluate([0, 1]), steep);
  close(f[0] ?? 0, 0.5);
  close(f[1] ?? 0, 1);
  assert.ok(g.every((row) => row.every(Number.isFinite)));
});

test("no tensors are left behind after success, error and cancel", async () => {
  await withInputs({}, (integrand) => integrate(integrand, options));
  await withInputs({}, (integrand) =>
    assert.rejects(integrate(integrand, { ...options, signal: AbortSignal.abort() }), hasCode("cancelled")),
  );
  const controller = new AbortController();
  await withInputs({ link: "softmax" }, (integrand) =>
    assert.rejects(
      integrate(integrand, {
        ...options,
        tolerance: 1e-6,
        signal: controller.signal,
        onRound: () => controller.abort(),
      }),
      hasCode("cancelled"),
    ),
  );
  const failing = tinyModel([2], (point) => {
    tf.square(point);
    throw new Error("Out of memory: kernel");
  });
  await withInputs({}, (integrand) => assert.rejects(integrate(integrand, options), hasCode("out-of-memory")), failing);
});

test("several explained inputs are one vector, held inputs stay held", async () => {
  const before = tf.memory().numTensors;
  const model = tinyModelOf({ a: [2], b: [1], c: [1] }, (feeds) => {
    const [a, b, c] = ["a", "b", "c"].map((node) => feeds.get(node) as tf.Tensor);
    return tf.mul(tf.add(tf.sum(a as tf.Tensor, 1, true), tf.square(b as tf.Tensor)), c as tf.Tensor);
  });
  const [a, b, c] = [tf.tensor2d([[1, 2]]), tf.tensor2d([[3]]), tf.tensor2d([[10]])];
  const [a0, b0] = [tf.zeros([1, 2]), tf.zeros([1, 1])];
  const integrand = await ModelIntegrand.create({
    model,
    explained: [
      { node: "a", x: a, baseline: a0 },
      { node: "b", x: b, baseline: b0 },
    ],
    heldFeeds: new Map([["c", c]]),
    target: { fetch: "y", index: [0], link: "identity" },
  });
  assert.deepEqual(integrand.segments, [
    { node: "a", offset: 0, size: 2, shape: [2] },
    { node: "b", offset: 2, size: 1, shape: [1] },
  ]);
  const result = await integrate(integrand, options);
  for (const [i, value] of [10, 20, 90].entries()) close(result.attributions[i] ?? 0, value, 1e-3);
  tf.dispose([a, b, c, a0, b0]);
  assert.equal(tf.memory().numTensors, before);
});

test("gradients say what they are and add up to what they add up to", async () => {
  const slopes = x.map((v, i) => (1 + 2 * v) * (weights[i]?.[1] ?? 0));
  const gradient = await withInputs({}, (integrand) => attribute(integrand, "gradient", options));
  const product = await withInputs({}, (integrand) => attribute(integrand, "input-x-gradient", options));
  for (const [i, slope] of slopes.entries()) {
    close(gradient.attributions[i] ?? 0, slope);
    close(product.attributions[i] ?? 0, slope * (x[i] ?? 0));
    close(gradient.gradientAtInput[i] ?? 0, slope * (x[i] ?? 0));
  }
  for (const result of [gradient, product]) {
    assert.equal(result.rule, "point");
    assert.equal(result.featureError, null);
    assert.equal(result.evaluations, 2);
    close(result.completenessError.absolute, Math.abs(result.sum - result.deltaF), 1e-12);
    assert.ok((result.completenessError.relative ?? 0) > 0.05);
  }
  const integrated = await withInputs({}, (integrand) => attribute(integrand, "integrated-gradients", options));
  assert.deepEqual(integrated.gradientAtInput, gradient.gradientAtInput);
  assert.ok((integrated.completenessError.relative ?? 1) <= 0.001);
});

test("bad input is told apart", async () => {
  const run = (integrand: ModelIntegrand) => integrand.evaluate([0, 1]);
  await assert.rejects(withInputs({ index: 3 }, run), hasCode("target-invalid", /3/));
  await assert.rejects(withInputs({ index: -1 }, run), hasCode("target-invalid"));
  await assert.rejects(withInputs({ index: [0, 0] }, run), hasCode("target-invalid"));
  await assert.rejects(withInputs({}, run, classifier, [0, 0]), hasCode("same-as-baseline"));
  const constant = tinyModel([2], (point) => tf.zeros([point.shape[0] ?? 1, 3]));
  await assert.rejects(withInputs({}, run, constant), hasCode("model-not-differentiable"));
  const logarithm = tinyModel([2], (point) => tf.log(tf.sub(tf.slice(point, [0, 0], [-1, 1]), 0.5)));
  await assert.rejects(withInputs({ index: 0 }, run, logarithm), hasCode("not-finite", /α = 0\.000 of the path.* y\./));
  const root = tinyModel([2], (point) => tf.sqrt(tf.slice(point, [0, 0], [-1, 1])));
  await assert.rejects(withInputs({ index: 0 }, run, root), hasCode("not-finite", /gradient/));

  const [input, other, ids] = [tf.tensor2d([x]), tf.zeros([1, 3]), tf.tensor2d([[1, 2]], undefined, "int32")];
  const target = { fetch: "y", index: 0, link: "identity" } as const;
  const create = (sample: tf.Tensor, baseline: tf.Tensor) =>
    ModelIntegrand.create({ model: classifier, explained: [{ node: "x", x: sample, baseline }], target });
  await assert.rejects(create(input, other), hasCode("baseline-invalid"));
  await assert.rejects(create(ids, ids), hasCode("model-not-differentiable"));
  tf.dispose([input, other, ids]);
});

test("a prediction is a plain forward pass", async () => {
  const before = tf.memory().numTensors;
  const input = tf.tensor2d([x]);
  const { values, shape } = await predict(classifier, new Map([["x", input]]), "y");
  assert.deepEqual(shape, [1, 3]);
  for (const [k, logit] of logitsAt(x).entries()) close(values[k] ?? Number.NaN, logit);
  input.dispose();
  assert.equal(tf.memory().numTensors, before);
});

test("tells what the tape keeps of a point", async () => {
  const wide = tinyModel([1000], (point) => tf.sum(tf.mul(tf.exp(point), tf.sin(point)), 1, true));
  const sample = Array.from({ length: 1000 }, (_, i) => Math.sin(i));
  await withInputs(
    { index: 0 },
    async (integrand) => {
      const tapeOf = (): number | null => integrand.memory?.perPoint ?? null;
      assert.equal(tapeOf(), null);
      for (const points of [1, 8]) {
        await integrand.gradients(Array.from({ length: points }, (_, i) => i / points));
        const perPoint = tapeOf() ?? 0;
        // A thousand values are 4 kB: the exponential, the sine and their product at the least, and no more than a copy
        // of each beside those and of the point.
        assert.ok(perPoint >= 12_000 && perPoint <= 36_000, `${perPoint} bytes`);
      }
    },
    wide,
    sample,
  );
});
