import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../../src/common/errors.ts";
import { LayerFlow } from "../../../../src/engine/neurons/cuts.ts";
import {
  type NodeConductance,
  PathConductances,
  type PathConductancesOptions,
} from "../../../../src/engine/neurons/pathConductances.ts";
import type { DifferentiableModel } from "../../../../src/engine/port.ts";
import { chebyshevNodes } from "../../../../src/engine/quadrature/spectral.ts";
import { loadModel } from "../../../../src/models/loadModel.ts";
import { installGradientRepairs } from "../../../../src/models/repairs/installGradientRepairs.ts";
import { readNpy } from "../../../../src/samples/index.ts";
import { usableBackends, useBackend } from "../../models/backends.ts";
import { handModel } from "./handModel.ts";

const digits = fileURLToPath(new URL("../../../fixtures/oracle/digits/", import.meta.url));

function neuronsOf(found: ReadonlyMap<string, NodeConductance>, id: string): number[] {
  const conductance = found.get(id);
  assert.ok(conductance !== undefined && "neurons" in conductance, id);
  return [...conductance.neurons];
}

function single(found: ReadonlyMap<string, NodeConductance>, id: string): number {
  const [value = Number.NaN, ...others] = neuronsOf(found, id);
  assert.equal(others.length, 0, id);
  return value;
}

function optionsOf(
  model: DifferentiableModel,
  x: Float32Array,
  shape: readonly number[],
  target = 0,
): PathConductancesOptions {
  const node = model.inputs[0]?.id ?? "";
  const output = model.outputs[0]?.id ?? "";
  return {
    model,
    ends: [{ node, shape, x, baseline: new Float32Array(x.length) }],
    heldFeeds: new Map(),
    target: { fetch: output, index: target, link: "identity" },
    flow: new LayerFlow(model, [node], [output]),
    axisOf: (_, sides) => Math.max(0, sides.length - 1),
  };
}

async function strip(
  model: DifferentiableModel,
  x: Float32Array,
  shape: readonly number[],
  target: number,
  points: number,
) {
  const before = tf.memory().numTensors;
  const found = await new PathConductances(chebyshevNodes(points - 1)).complete(optionsOf(model, x, shape, target));
  assert.equal(tf.memory().numTensors, before, "tensors are left behind");
  return found;
}

// Before any test: those that are known are under way while this waits, and two backends cannot be started at once.
const backends = await usableBackends();

const only = (values: tf.Tensor[]): tf.Tensor => values[0] as tf.Tensor;

test("conductances of all layers at once against the references, without a derivative of H", async () => {
  await useBackend("wasm");
  const { model } = await loadModel(join(digits, "model/model.json"), {});
  const meta = JSON.parse(readFileSync(join(digits, "meta.json"), "utf8"));
  try {
    for (const { sample, target, logit } of meta.samples.slice(0, 3)) {
      const x = await readNpy(join(digits, `x${sample}.npy`));
      const found = await strip(model, Float32Array.from(x.data), x.shape, target, 65);
      for (const layer of ["relu2", "relu3"]) {
        const reference = await readNpy(join(digits, `patch_${layer}_logit_${sample}.npy`));
        const neurons = neuronsOf(found, layer);
        const expected = new Float64Array(neurons.length);
        for (const [i, value] of reference.data.entries()) {
          expected[i % neurons.length] = (expected[i % neurons.length] ?? 0) + value;
        }
        const off = neurons.reduce((sum, value, j) => sum + Math.abs(value - (expected[j] ?? Number.NaN)), 0);
        const error = off / expected.reduce((sum, value) => sum + Math.abs(value), 0);
        assert.ok(error <= 0.02, `${layer} of sample ${sample} is off by ${error}`);
      }
      for (const [id, conductance] of found) {
        assert.ok("neurons" in conductance, id);
        const sum = conductance.neurons.reduce((total, value) => total + value, 0);
        assert.ok(Math.abs(sum - logit.deltaF) <= 0.01 * logit.deltaF, `${id}: ${sum} of ${logit.deltaF}`);
      }
    }
  } finally {
    model.dispose();
  }
});

test("a layer that is no cut has the conductance that passes it, total derivatives and all", async () => {
  await useBackend("cpu");
  installGradientRepairs();
  // f = (x + x²)²: dh = 2x dx, ∂f/∂h = 2 (x + x²), so that h has ∫ 4x² + 4x³ = 4/3 + 1.
  const model = handModel([
    { id: "x", inputs: [], shape: [1] },
    { id: "h", inputs: ["x"], shape: [1], compute: (values) => tf.square(only(values)) },
    { id: "s", inputs: ["x", "h"], shape: [1], compute: (values) => tf.addN(values) },
    { id: "f", inputs: ["s"], shape: [1], compute: (values) => tf.square(only(values)) },
  ]);
  const found = await strip(model, Float32Array.of(1), [1], 0, 33);
  for (const [id, expected] of [
    ["x", 4],
    ["h", 7 / 3],
    ["s", 4],
    ["f", 4],
  ] as const) {
    const [value = Number.NaN] = neuronsOf(found, id);
    assert.ok(Math.abs(value - expected) < 1e-4, `${id}: ${value}, not ${expected}`);
  }
});

for (const backend of backends) {
  test(`neurons on any axis and what each place carries, known in closed form, on ${backend}`, async () => {
    await useBackend(backend);
    installGradientRepairs();
    // f = Σ w h with h = x² is a parabola: each value's conductance is w x².
    for (const { shape, axis } of [
      { shape: [5], axis: 0 },
      { shape: [7, 5], axis: 1 },
      { shape: [7, 5], axis: 0 },
      { shape: [4, 3, 5], axis: 2 },
      { shape: [4, 3, 5], axis: 1 },
      { shape: [4, 3, 5], axis: 0 },
    ]) {
      const size = shape.reduce((all, side) => all * side, 1);
      const x = Float32Array.from({ length: size }, (_, i) => Math.sin(i + 1));
      const w = Float32Array.from({ length: size }, (_, i) => Math.cos(3 * i));
      const model = handModel([
        { id: "x", inputs: [], shape },
        { id: "h", inputs: ["x"], shape, compute: (values) => tf.square(only(values)) },
        {
          id: "f",
          inputs: ["h"],
          shape: [],
          compute: (values) => tf.sum(tf.mul(only(values).reshape([-1, size]), tf.tensor1d(w)), 1),
        },
      ]);
      const options = {
        ...optionsOf(model, x, shape),
        axisOf: (_: unknown, sides: readonly number[]) => axis % sides.length,
      };
      const before = tf.memory().numTensors;
      const found = await new PathConductances([0, 0.2, 0.5, 0.55, 0.8, 0.9, 1]).complete(options);
      assert.equal(tf.memory().numTensors, before, "tensors are left behind");
      const inner = shape.slice(axis + 1).reduce((all, side) => all * side, 1);
      const neurons = new Float64Array(shape[axis] ?? 0);
      const places = new Float64Array(size / neurons.length);
      for (let i = 0; i < size; i++) {
        const value = (w[i] ?? 0) * (x[i] ?? 0) ** 2;
        const neuron = Math.floor(i / inner) % neurons.length;
        const place = (i % inner) + inner * Math.floor(i / (inner * neurons.length));
        neurons[neuron] = (neurons[neuron] ?? 0) + value;
        places[place] = (places[place] ?? 0) + value;
      }
      const near = (values: ArrayLike<number> | null | undefined, expected: Float64Array): void => {
        assert.equal(values?.length, expected.length);
        for (const [i, value] of expected.entries()) assert.ok(Math.abs((values?.[i] ?? Number.NaN) - value) < 2e-6);
      };
      for (const id of ["x", "h"]) {
        const conductance = found.get(id);
        assert.ok(conductance !== undefined && "neurons" in conductance, id);
        assert.deepEqual(conductance.shape, shape);
        near(conductance.neurons, neurons);
        if (shape.length === 2) near(conductance.places, places);
        else assert.equal(conductance.places, null);
      }
      near(neuronsOf(found, "f"), Float64Array.of(neurons.reduce((sum, value) => sum + value, 0)));
    }
  });

  test(`what does not change along the path carries nothing, to the last bit, however large it is, on ${backend}`, async () => {
    await useBackend(backend);
    installGradientRepairs();
    const mask = tf.tensor2d([[0, 1]]);
    const model = handModel([
      { id: "x", inputs: [], shape: [2] },
      // As attention adds to what it is not to look at.
      { id: "h", inputs: ["x"], shape: [2], compute: (values) => tf.sub(only(values), tf.mul(mask, 1e9)) },
      { id: "f", inputs: ["h"], shape: [], compute: (values) => tf.sum(tf.mul(only(values), 3), 1) },
    ]);
    const found = await new PathConductances(chebyshevNodes(10)).complete(optionsOf(model, Float32Array.of(2, 5), [2]));
    mask.dispose();
    const [moved = Number.NaN, still] = neuronsOf(found, "h");
    assert.equal(still, 0);
    assert.ok(Math.abs(moved - 6) < 1e-5);
  });

  test(`a value that is not finite stays with its neuron, on ${backend}`, async () => {
    await useBackend(backend);
    installGradientRepairs();
    // √x of what stands at 0 at the baseline has no finite slope there; of the other neurons it is linear or still.
    const slopes = tf.tensor2d([[1, 1, 1, 1]]);
    const model = handModel([
      { id: "x", inputs: [], shape: [4] },
      {
        id: "h",
        inputs: ["x"],
        shape: [4],
        compute: (values) =>
          tf.concat([tf.sqrt(tf.slice(only(values), [0, 0], [-1, 1])), tf.slice(only(values), [0, 1], [-1, 3])], 1),
      },
      { id: "f", inputs: ["h"], shape: [], compute: (values) => tf.sum(tf.square(tf.mul(only(values), slopes)), 1) },
    ]);
    const x = Float32Array.of(1, 2, 0, 3);
    const found = await new PathConductances([0, 0.25, 0.5, 0.75, 1]).complete(optionsOf(model, x, [4]));
    slopes.dispose();
    // In x: 2 √x · 1 / (2 √x) = 0 · ∞ at the baseline.
    const [first, ...others] = neuronsOf(found, "x");
    assert.ok(!Number.isFinite(first), String(first));
    for (const [k, value] of others.entries()) assert.ok(Math.abs(value - (x[k + 1] ?? 0) ** 2) < 1e-5, String(value));
    assert.ok(neuronsOf(found, "h").every(Number.isFinite));
  });
}

/** A model whose passes are noted: the points of the path in each. x = 1, so that a point is its value. */
function noted(): { model: DifferentiableModel; passes: number[][]; fail: (call: number) => void } {
  const passes: number[][] = [];
  let failing = -1;
  const model = handModel([
    { id: "x", inputs: [], shape: [1] },
    {
      id: "h",
      inputs: ["x"],
      shape: [1],
      compute: (values) => {
        passes.push([...only(values).dataSync()]);
        if (passes.length === failing) throw new Error("No memory.");
        return tf.exp(only(values));
      },
    },
    { id: "f", inputs: ["h"], shape: [1], compute: (values) => tf.square(only(values)) },
  ]);
  return {
    model,
    passes,
    fail: (call) => {
      failing = call;
    },
  };
}

test("a cancelled sum goes on from where it was: nothing is counted twice, nothing lost, and no pass made again", async () => {
  await useBackend("cpu");
  installGradientRepairs();
  const alphas = Array.from({ length: 40 }, (_, k) => Math.fround((k / 39) ** 2));
  const whole = noted();
  const expected = await new PathConductances(alphas).complete(optionsOf(whole.model, Float32Array.of(1), [1]));
  const { model, passes } = noted();
  const options = optionsOf(model, Float32Array.of(1), [1]);
  const sums = new PathConductances(alphas);
  let found: Awaited<ReturnType<typeof sums.complete>> | undefined;
  for (let tries = 0; found === undefined; tries++) {
    assert.ok(tries < 40, "it does not go on");
    const controller = new AbortController();
    const known = passes.length;
    // Cancelled in the middle of each pass; the pass itself is kept.
    const watched: DifferentiableModel = {
      ...model,
      evaluate: (feeds, fetches) => {
        controller.abort();
        return model.evaluate(feeds, fetches);
      },
    };
    try {
      found = await sums.complete({ ...options, model: watched, signal: controller.signal });
    } catch (error) {
      assert.ok(error instanceof PathlightError && error.code === "cancelled", String(error));
      assert.equal(passes.length, known + 1);
    }
  }
  // e² − 1 = 6.39; a pass more or less would be another.
  for (const id of ["x", "h", "f"]) assert.ok(Math.abs(single(found, id) - single(expected, id)) < 1e-9, id);
  assert.ok(Math.abs(single(found, "h") - (Math.E ** 2 - 1)) < 1e-3);
  // Each interval in one pass: those that follow begin where the one before has ended.
  assert.deepEqual(passes.flatMap((points, k) => (k === 0 ? points : points.slice(1))).map(Math.fround), alphas);
  for (const [k, points] of passes.entries()) if (k > 0) assert.equal(points[0], passes[k - 1]?.at(-1));
  assert.equal(single(await sums.complete(options), "h"), single(found, "h"));
  assert.equal(passes.flat().length, alphas.length + passes.length - 1, "what is complete was computed again");
});

test("a pass that fails adds nothing, and is made again", async () => {
  await useBackend("cpu");
  installGradientRepairs();
  const alphas = chebyshevNodes(20);
  const { model, fail } = noted();
  const options = optionsOf(model, Float32Array.of(1), [1]);
  const expected = await new PathConductances(alphas).complete(optionsOf(noted().model, Float32Array.of(1), [1]));
  const before = tf.memory().numTensors;
  const sums = new PathConductances(alphas);
  fail(2);
  await assert.rejects(sums.complete(options), /No memory/);
  assert.equal(tf.memory().numTensors, before, "tensors are left behind");
  const found = await sums.complete(options);
  assert.ok(Math.abs(single(found, "h") - single(expected, "h")) < 1e-9);
});
