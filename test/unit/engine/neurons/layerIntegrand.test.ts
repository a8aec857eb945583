import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { MemoryGradientStore } from "../../../../src/engine/gradientStore.ts";
import { integrate } from "../../../../src/engine/integrate.ts";
import { atomsOf } from "../../../../src/engine/neurons/atoms.ts";
import { LayerIntegrand, NeuronExcluded } from "../../../../src/engine/neurons/layerIntegrand.ts";
import type { DifferentiableModel } from "../../../../src/engine/port.ts";
import { installGradientRepairs } from "../../../../src/models/repairs/installGradientRepairs.ts";
import { useBackend } from "../../models/backends.ts";
import { type HandNode, handModel } from "./handModel.ts";

interface Question {
  readonly x: readonly number[];
  readonly baseline?: readonly number[];
  readonly layer: readonly string[];
  /** Features of each patch. */
  readonly patches?: readonly (readonly number[])[];
  readonly tolerance?: number;
}

async function ask(model: DifferentiableModel, { x, baseline, layer, patches = [], tolerance = 1e-3 }: Question) {
  await useBackend("cpu");
  installGradientRepairs();
  const before = tf.memory().numTensors;
  const start = baseline ?? x.map(() => 0);
  const node = model.inputs[0]?.id ?? "";
  const features = patches.map((each) => Uint32Array.from(each));
  const store = new MemoryGradientStore();
  const integrand = await LayerIntegrand.create({
    model,
    ends: [{ node, shape: [x.length], x: Float32Array.from(x), baseline: Float32Array.from(start) }],
    heldFeeds: new Map(),
    target: { fetch: model.outputs[0]?.id ?? "", index: 0, link: "identity" },
    layer: layer.map((id) => {
      const sides = model.nodes.find((each) => each.id === id)?.shape.slice(1) ?? [];
      return { id, shape: sides.map((side) => side ?? 1), axis: sides.length - 1 };
    }),
    atoms: atomsOf(features, (feature) => x[feature] !== start[feature], x.length),
    store,
  });
  const run = () => integrate(integrand, { rule: "adaptive", tolerance });
  const integration = await run().catch((error: unknown) => {
    if (error instanceof NeuronExcluded) return run();
    throw error;
  });
  assert.equal(tf.memory().numTensors, before, "tensors are left behind");
  const weights = [...integration.alphas].map((alpha, k) => [alpha, integration.weights[k] ?? 0] as const);
  const { neurons } = integrand.map;
  const conductance = Array.from({ length: neurons }, (_, j) =>
    weights.reduce((sum, [alpha, weight]) => sum + weight * (integrand.record(alpha).whole[j] ?? Number.NaN), 0),
  );
  const patch = (index: number): number[] =>
    Array.from({ length: neurons }, (_, j) =>
      (integrand.atoms.ofPatch[index] ?? []).reduce(
        (sum, atom) => sum + (integration.attributions[atom * neurons + j] ?? Number.NaN),
        0,
      ),
    );
  const bypass = integration.attributions.at(-2) ?? Number.NaN;
  return { integration, integrand, conductance, patch, bypass };
}

const input = (size: number): HandNode => ({ id: "x", inputs: [], shape: [size] });
const node = (
  id: string,
  inputs: string[],
  size: number,
  compute: (...values: tf.Tensor[]) => tf.Tensor,
): HandNode => ({
  ...{ id, inputs, shape: [size] },
  compute: (values) => compute(...values),
});

/** |a − b| ≤ tolerance · (1 + |b|) */
function close(found: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(found - expected) <= tolerance * (1 + Math.abs(expected)), `${what}: ${found}, not ${expected}`);
}

test("x^8 through y = x^8: the conductance is 1", async () => {
  // Left gradients times differences at 50 points give 0.93.
  const model = handModel([
    input(1),
    node("y", ["x"], 1, (x) => tf.pow(x, 8)),
    node("f", ["y"], 1, (y) => tf.mul(y, 1)),
  ]);
  const { conductance, integration, integrand } = await ask(model, { x: [1], layer: ["y"] });
  close(conductance[0] ?? 0, 1, 1e-3, "conductance");
  assert.equal(integration.status, "converged");
  assert.ok(integrand.isCut);
  assert.deepEqual(integrand.method, { kind: "double-vjp" });
});

test("patches that overlap are added up from atoms, exactly", async () => {
  // f = (h1 · h2)(t), h1 = x0 + 2 x1 + x2, h2 = x1 x2, against the integrals by hand.
  const model = handModel([
    input(4),
    node("h", ["x"], 2, (x) => {
      const [a, b, c] = [0, 1, 2].map((k) => tf.slice(x, [0, k], [-1, 1])) as [tf.Tensor, tf.Tensor, tf.Tensor];
      return tf.concat([tf.addN([a, tf.mul(b, 2), c]), tf.mul(b, c)], 1);
    }),
    node("f", ["h"], 1, (h) => tf.prod(h, 1, true)),
  ]);
  const [a, b, c] = [1.5, -0.5, 2] as const;
  const { patch, conductance, integrand } = await ask(model, {
    x: [a, b, c, 7],
    baseline: [0, 0, 0, 7],
    layer: ["h"],
    patches: [[0, 1], [1, 2], [3], [0, 1, 2, 3]],
  });
  // On the path h1 = s t, h2 = p t²; ∂f/∂h1 = p t², ∂f/∂h2 = s t.
  const [s, p] = [a + 2 * b + c, b * c];
  const first = (part: number) => (part * p) / 3;
  const second = (part: number) => (part * s) / 3;
  const expected = [
    [first(a + 2 * b), second(b * c)],
    [first(2 * b + c), second(2 * b * c)],
    [0, 0],
    [first(s), second(2 * b * c)],
  ];
  for (const [k, each] of expected.entries()) {
    for (const [j, value] of each.entries()) close(patch(k)[j] ?? Number.NaN, value, 1e-3, `patch ${k}, neuron ${j}`);
  }
  for (const [j, value] of (expected[3] ?? []).entries()) close(conductance[j] ?? 0, value, 1e-3, `neuron ${j}`);
  // The fourth feature stays as it is: nothing is computed for it.
  assert.equal(integrand.atoms.count, 3);
  assert.deepEqual(integrand.atoms.ofPatch[2], []);
});

/** A block with a connection round it: r = x + tanh(W x), f = Σ r³. */
function residual(): DifferentiableModel {
  const weights = () => tf.tensor2d([0.7, -0.4, 0.3, 0.9], [2, 2]);
  return handModel([
    input(2),
    node("h", ["x"], 2, (x) => tf.tanh(tf.matMul(x as tf.Tensor2D, weights()))),
    node("r", ["x", "h"], 2, (x, h) => tf.add(x as tf.Tensor, h as tf.Tensor)),
    node("f", ["r"], 1, (r) => tf.sum(tf.pow(r, 3), 1, true)),
  ]);
}

test("a layer that is no cut: what passes it is measured, and the cut with it conserves", async () => {
  const x = [0.8, 0.5];
  const w = [
    [0.7, -0.4],
    [0.3, 0.9],
  ];
  // Simpson's rule in float64 on 2000 intervals.
  const integral = (g: (t: number) => number): number => {
    const n = 2000;
    return Array.from({ length: n + 1 }, (_, k) => (k === 0 || k === n ? 1 : k % 2 === 1 ? 4 : 2) * g(k / n)).reduce(
      (sum, value) => sum + value / (3 * n),
      0,
    );
  };
  const z = (j: number) => x.reduce((sum, value, i) => sum + value * (w[i]?.[j] ?? 0), 0);
  const slope = (t: number, j: number) => 3 * (t * (x[j] ?? 0) + Math.tanh(t * z(j))) ** 2;
  const through = [0, 1].map((j) => integral((t) => slope(t, j) * (1 - Math.tanh(t * z(j)) ** 2) * z(j)));
  const around = [0, 1].reduce((sum, j) => sum + integral((t) => slope(t, j) * (x[j] ?? 0)), 0);

  const alone = await ask(residual(), { x, layer: ["h"] });
  assert.ok(!alone.integrand.isCut);
  for (const [j, value] of through.entries()) close(alone.conductance[j] ?? 0, value, 1e-3, `neuron ${j}`);
  close(alone.bypass, around, 1e-3, "what passes");
  assert.ok(Math.abs(around) > 0.1, "nothing passes, so that nothing is tested");

  const together = await ask(residual(), { x, layer: ["x", "h"] });
  assert.ok(together.integrand.isCut);
  assert.equal(together.bypass, 0);
  const sum = together.conductance.reduce((all, value) => all + value, 0);
  close(sum, together.integration.deltaF, 1e-3, "the sum over the cut");
  close(sum, through.reduce((all, value) => all + value, 0) + around, 1e-3, "the sum over the cut");
});

test("a neuron that is not finite is left out and named; the others are right", async () => {
  // The root has no finite slope where the path begins; nothing that is explained reads it.
  const model = handModel([
    input(2),
    node("h", ["x"], 3, (x) =>
      tf.concat([tf.square(x as tf.Tensor), tf.sqrt(tf.slice(x as tf.Tensor, [0, 0], [-1, 1]))], 1),
    ),
    node("f", ["h"], 1, (h) => tf.sum(tf.mul(h as tf.Tensor, tf.tensor1d([1, 2, 0])), 1, true)),
  ]);
  const { integrand, conductance, integration } = await ask(model, { x: [1, 2], layer: ["h"], patches: [[0], [1]] });
  assert.deepEqual(integrand.excluded, [2]);
  close(conductance[0] ?? 0, 1, 1e-3, "first");
  close(conductance[1] ?? 0, 8, 1e-3, "second");
  assert.equal(integration.status, "converged");
});

test("a layer that the score does not depend on is refused, and one without a finite neuron", async () => {
  const model = handModel([
    input(1),
    node("dead", ["x"], 1, (x) => tf.square(x)),
    node("root", ["x"], 1, (x) => tf.sqrt(x)),
    node("f", ["root"], 1, (root) => tf.mul(root, 2)),
  ]);
  await assert.rejects(ask(model, { x: [1], layer: ["dead"] }), { code: "model-not-differentiable" });
  await assert.rejects(ask(model, { x: [1], layer: ["root"] }), { code: "not-finite" });
});

test("derivatives that must be differences are held against the gradient of the input", async () => {
  const rough = (x: tf.Tensor): tf.Tensor =>
    tf.customGrad((value) => {
      const each = value as tf.Tensor;
      // A gradient that cannot be differentiated again.
      const once = (factor: number) =>
        tf.customGrad((dy) => ({
          value: tf.mul(dy as tf.Tensor, tf.mul(each, 2 * factor)),
          gradFunc: () => {
            throw new Error("no second gradient");
          },
        }));
      return { value: tf.square(each), gradFunc: (dy: tf.Tensor) => once(1)(dy) };
    })(x);
  const model = handModel([
    input(2),
    node("h", ["x"], 2, (x) => rough(x as tf.Tensor)),
    node("f", ["h"], 1, (h) => tf.sum(h, 1, true)),
  ]);
  const { integrand, conductance } = await ask(model, { x: [1, 3], layer: ["h"], patches: [[0]] });
  assert.equal(integrand.method.kind, "central-differences");
  close(conductance[0] ?? 0, 1, 2e-3, "first");
  close(conductance[1] ?? 0, 9, 2e-3, "second");
  assert.ok(integrand.derivativeError > 0 && integrand.derivativeError < 0.02, `${integrand.derivativeError}`);
  assert.equal(await integrand.disagreement(0.4), null);
});
