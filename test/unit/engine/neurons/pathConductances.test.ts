import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { LayerFlow } from "../../../../src/engine/neurons/cuts.ts";
import {
  bilinearWeights,
  type NodeConductance,
  pathConductances,
} from "../../../../src/engine/neurons/pathConductances.ts";
import type { DifferentiableModel } from "../../../../src/engine/port.ts";
import { chebyshevNodes } from "../../../../src/engine/quadrature/spectral.ts";
import { loadModel } from "../../../../src/models/loadModel.ts";
import { installGradientRepairs } from "../../../../src/models/repairs/installGradientRepairs.ts";
import { readNpy } from "../../../../src/samples/index.ts";
import { useBackend } from "../../models/backends.ts";
import { handModel } from "./handModel.ts";

const digits = fileURLToPath(new URL("../../../fixtures/oracle/digits/", import.meta.url));

function neuronsOf(found: ReadonlyMap<string, NodeConductance>, id: string): number[] {
  const conductance = found.get(id);
  assert.ok(conductance !== undefined && "neurons" in conductance, id);
  return [...conductance.neurons];
}

async function strip(
  model: DifferentiableModel,
  x: Float32Array,
  shape: readonly number[],
  target: number,
  points: number,
) {
  const before = tf.memory().numTensors;
  const node = model.inputs[0]?.id ?? "";
  const output = model.outputs[0]?.id ?? "";
  const found = await pathConductances({
    model,
    ends: [{ node, shape, x, baseline: new Float32Array(x.length) }],
    heldFeeds: new Map(),
    target: { fetch: output, index: target, link: "identity" },
    flow: new LayerFlow(model, [node], [output]),
    alphas: chebyshevNodes(points - 1),
    axisOf: (_, sides) => Math.max(0, sides.length - 1),
  });
  assert.equal(tf.memory().numTensors, before, "tensors are left behind");
  return found;
}

test("the weights are exact for a of degree 2 and H of degree 2, whatever the points", () => {
  for (const ts of [
    [0, 0.5, 1],
    [0.2, 0.3, 0.9],
    [-1, 2, 3],
  ]) {
    const [from, to] = [ts[0] ?? 0, ts[2] ?? 0];
    const a = (t: number) => 3 * t * t - t + 2;
    const h = (t: number) => t * t + 4 * t - 1;
    // a h' = (3t² − t + 2)(2t + 4) = 6t³ + 10t² + 8.
    const primitive = (t: number) => 1.5 * t ** 4 + (10 / 3) * t ** 3 + 8 * t;
    const found = bilinearWeights(ts).reduce(
      (sum, row, p) => sum + row.reduce((part, weight, q) => part + weight * a(ts[p] ?? 0) * h(ts[q] ?? 0), 0),
      0,
    );
    assert.ok(Math.abs(found - (primitive(to) - primitive(from))) < 1e-9 * Math.abs(primitive(to)));
  }
  // Of two points the trapezoid: averaged gradients times differences.
  assert.deepEqual(
    bilinearWeights([0, 1]).map((row) => row.map((weight) => Number(weight.toFixed(12)))),
    [
      [-0.5, 0.5],
      [-0.5, 0.5],
    ],
  );
});

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
  const only = (values: tf.Tensor[]): tf.Tensor => values[0] as tf.Tensor;
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
