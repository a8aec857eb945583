import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { integrate } from "../../../../src/engine/integrate.ts";
import { NeuronSources } from "../../../../src/engine/neurons/neuronSources.ts";
import type { DifferentiableModel } from "../../../../src/engine/port.ts";
import { installGradientRepairs } from "../../../../src/models/repairs/installGradientRepairs.ts";
import { useBackend } from "../../models/backends.ts";
import { type HandNode, handModel } from "./handModel.ts";

interface Question {
  readonly x: readonly number[];
  readonly baseline?: readonly number[];
  readonly layer: readonly string[];
  readonly neuron: number;
}

/** ∫g, feature by feature, and what flows past the neuron. */
async function ask(model: DifferentiableModel, { x, baseline, layer, neuron }: Question) {
  await useBackend("cpu");
  installGradientRepairs();
  const before = tf.memory().numTensors;
  const start = baseline ?? x.map(() => 0);
  const sources = new NeuronSources({
    model,
    ends: [{ node: "x", shape: [x.length], x: Float32Array.from(x), baseline: Float32Array.from(start) }],
    heldFeeds: new Map(),
    target: { fetch: model.outputs[0]?.id ?? "", index: 0, link: "identity" },
    layer: layer.map((id) => {
      const sides = model.nodes.find((each) => each.id === id)?.shape.slice(1) ?? [];
      return { id, shape: sides.map((side) => side ?? 1), axis: sides.length - 1 };
    }),
    neuron,
  });
  const integration = await integrate(sources, { rule: "adaptive", tolerance: 1e-4 });
  const disagreement = await sources.disagreement(0.4);
  assert.equal(tf.memory().numTensors, before, "tensors are left behind");
  const values = [...integration.attributions];
  return { integration, disagreement, features: values.slice(0, -1), past: values.at(-1) ?? Number.NaN };
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

function close(found: readonly number[], expected: readonly number[], what: string): void {
  assert.equal(found.length, expected.length, what);
  for (const [i, value] of expected.entries()) {
    const gap = Math.abs((found[i] ?? Number.NaN) - value);
    assert.ok(gap <= 1e-3 * (1 + Math.abs(value)), `${what}: ${found}, not ${expected}`);
  }
}

test("what each feature gives to a neuron, and what flows past it, against the integrals by hand", async () => {
  // f = h1 · h2, h1 = x0 + 2 x1 + x2, h2 = x1 x2: h1 = s t and h2 = p t² on the path, ∂f/∂h1 = p t², ∂f/∂h2 = s t.
  const model = handModel([
    input(4),
    node("h", ["x"], 2, (x) => {
      const [a, b, c] = [0, 1, 2].map((k) => tf.slice(x, [0, k], [-1, 1])) as [tf.Tensor, tf.Tensor, tf.Tensor];
      return tf.concat([tf.addN([a, tf.mul(b, 2), c]), tf.mul(b, c)], 1);
    }),
    node("f", ["h"], 1, (h) => tf.prod(h, 1, true)),
  ]);
  const [a, b, c] = [1.5, -0.5, 2] as const;
  const [s, p] = [a + 2 * b + c, b * c];
  // The fourth feature is the same at both ends.
  const question = { x: [a, b, c, 7], baseline: [0, 0, 0, 7], layer: ["h"] };
  const first = await ask(model, { ...question, neuron: 0 });
  close(
    first.features,
    [a, 2 * b, c, 0].map((part) => (part * p) / 3),
    "the first",
  );
  close([first.past], [(2 * p * s) / 3], "past the first");
  assert.equal(first.disagreement, null);
  const second = await ask(model, { ...question, neuron: 1 });
  // ∂h2/∂x1 · x1 = ∂h2/∂x2 · x2 = p t².
  close(second.features, [0, (s * p) / 3, (s * p) / 3, 0], "the second");
  close([second.past], [(s * p) / 3], "past the second");
  assert.equal(second.disagreement, null);
});

test("round a layer that is no cut, and of a node among several that form one", async () => {
  // r = x + 2 x², f = r0 r1: what goes round the layer is in what flows past the neuron.
  const model = handModel([
    input(2),
    node("h", ["x"], 2, (x) => tf.mul(tf.square(x), 2)),
    node("r", ["x", "h"], 2, (x, h) => tf.add(x, h)),
    node("f", ["r"], 1, (r) => tf.prod(r, 1, true)),
  ]);
  const x = [1, 0.5];
  // r1(t) = t/2 + t²/2, dh0 = 4 t dt: ∫ (t/2 + t²/2) 4 t dt = 2/3 + 1/2.
  const alone = await ask(model, { x, layer: ["h"], neuron: 0 });
  close(alone.features, [7 / 6, 0], "alone");
  close([alone.past], [3 - 7 / 6], "past it");
  // Of both nodes it is the same: partial derivatives, the nodes being independent.
  const together = await ask(model, { x, layer: ["x", "h"], neuron: 2 });
  close(together.features, [7 / 6, 0], "in the cut");
  const round = await ask(model, { x, layer: ["x", "h"], neuron: 0 });
  // ∫ r1 x0 dt = 1/4 + 1/6, by the way round.
  close(round.features, [5 / 12, 0], "round it");
});

test("a wrong derivative is found: the two directions of differentiation disagree", async () => {
  // The gradient is a tenth too large, its own derivative is right.
  const wrong = (x: tf.Tensor): tf.Tensor =>
    tf.customGrad((value) => {
      const each = value as tf.Tensor;
      const once = tf.customGrad((dy) => ({
        value: tf.mul(dy as tf.Tensor, tf.mul(each, 2.2)),
        gradFunc: (ddy: tf.Tensor) => tf.mul(ddy, tf.mul(each, 2)),
      }));
      return { value: tf.square(each), gradFunc: (dy: tf.Tensor) => once(dy) };
    })(x);
  const model = handModel([
    input(2),
    node("h", ["x"], 2, (x) => wrong(x)),
    node("f", ["h"], 1, (h) => tf.sum(h, 1, true)),
  ]);
  const { disagreement } = await ask(model, { x: [1, 3], layer: ["h"], neuron: 1 });
  assert.ok(disagreement !== null && Math.abs(disagreement - 0.1 / 1.1) < 0.01, `${disagreement}`);
});

test("a neuron without a finite derivative is refused; one that the score does not depend on too", async () => {
  const model = handModel([
    input(1),
    node("dead", ["x"], 1, (x) => tf.square(x)),
    node("root", ["x"], 1, (x) => tf.sqrt(x)),
    node("f", ["root"], 1, (root) => tf.mul(root, 2)),
  ]);
  await assert.rejects(ask(model, { x: [1], layer: ["root"], neuron: 0 }), { code: "not-finite" });
  await assert.rejects(ask(model, { x: [1], layer: ["dead"], neuron: 0 }), { code: "model-not-differentiable" });
});
