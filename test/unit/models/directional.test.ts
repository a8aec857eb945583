// Derivatives along directions inside whole models, by differentiating their gradients. Held against central differences
// of forward passes, and against the gradient: ⟨u, J v⟩ = ⟨Jᵀ u, v⟩, which has neither a step nor kinks.
import assert from "node:assert/strict";
import test from "node:test";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { seededRandom } from "../../../src/common/random.ts";
import { Jvp } from "../../../src/engine/jvp.ts";
import type { DifferentiableModel, NodeId } from "../../../src/engine/port.ts";
import { markMovable } from "../../../src/models/leanTape.ts";
import { loadModel } from "../../../src/models/loadModel.ts";
import { guardTape, isRecording, tapeLength } from "../../../src/models/tape.ts";
import { usableBackends, useBackend } from "./backends.ts";
import { kerasFile } from "./keras/kerasFixtures.ts";
import { saveLayers } from "./savedLayers.ts";

const fixtures = fileURLToPath(new URL("../../fixtures/", import.meta.url));
const onnx = (name: string) => () => `${fixtures}onnx/${name}.onnx`;

interface Subject {
  readonly name: string;
  readonly path: () => string | Promise<string>;
  /** Length of the sides that the model leaves free. */
  readonly free?: number;
  /** The step of the differences: few kinks lie within it, and rounding does not yet drown it. */
  readonly step: number;
  readonly not?: readonly string[];
}

const subjects: readonly Subject[] = [
  { name: "MobileNetV2", path: () => `${fixtures}mobilenet-v2`, step: 2 ** -12, not: ["cpu"] },
  { name: "a MobileNet from PyTorch", path: onnx("mobilenet-script"), step: 2 ** -10 },
  { name: "a ResNet from PyTorch", path: onnx("resnet-script"), step: 2 ** -9 },
  { name: "a ViT", path: onnx("vit-script"), step: 2 ** -6 },
  { name: "a BERT", path: onnx("bert-script"), free: 9, step: 2 ** -6 },
  { name: "an LSTM from PyTorch", path: onnx("recurrent-script"), free: 9, step: 2 ** -6 },
  { name: "a transformer of Keras", path: () => kerasFile("transformer-3.keras"), step: 2 ** -6 },
  { name: "average pools and ELU", path: averagePools, step: 2 ** -9 },
];

/** Convolutions with everything that has a backward kernel of its own. */
async function averagePools(): Promise<string> {
  const { layers } = tfl;
  const model = tfl.sequential();
  model.add(layers.conv2d({ inputShape: [17, 15, 3], filters: 6, kernelSize: 3, padding: "same" }));
  model.add(layers.elu());
  model.add(layers.averagePooling2d({ poolSize: 3, strides: 2, padding: "same" }));
  model.add(layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same" }));
  model.add(layers.elu());
  model.add(layers.averagePooling2d({ poolSize: 2, strides: 1, padding: "same" }));
  model.add(layers.upSampling2d({ size: [2, 2], interpolation: "bilinear" }));
  model.add(layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" }));
  model.add(layers.flatten());
  model.add(layers.dense({ units: 5, activation: "softmax" }));
  return saveLayers(model);
}

/** Feeds of one row: a float input, or the embedding of ids, that moves; the rest is held. */
function feedsOf(model: DifferentiableModel, free = 8): { feeds: Map<NodeId, tf.Tensor>; moving: NodeId } {
  const random = seededRandom(11);
  const feeds = new Map<NodeId, tf.Tensor>();
  for (const { id, shape, dtype } of model.inputs) {
    const sides = [1, ...shape.slice(1).map((side) => side ?? free)];
    const size = sides.reduce((product, side) => product * side, 1);
    const vocabulary = model.embeddings.find(({ input }) => input === id)?.vocabularySize ?? 1;
    const values = Array.from({ length: size }, () => random());
    const ids = values.map((value) => (id === "attention_mask" ? 1 : Math.floor(value * vocabulary)));
    feeds.set(id, dtype === "float32" ? tf.tensor(values, sides) : tf.tensor(ids, sides, "int32"));
  }
  const [embedding] = model.embeddings;
  if (embedding === undefined) return { feeds, moving: model.inputs[0]?.id ?? "" };
  const [value] = model.evaluate(feeds, [embedding.node]);
  assert.ok(value);
  return { feeds: feeds.set(embedding.node, value), moving: embedding.node };
}

/** Σ|a − b|, in float64. */
function distance(a: ArrayLike<number>, b?: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++)
    sum += Math.abs((a[k] ?? Number.NaN) - (b === undefined ? 0 : (b[k] ?? Number.NaN)));
  return sum;
}

/** A float node with a batch axis half way, and the logits. */
function nodesOf(model: DifferentiableModel): NodeId[] {
  const inner = model.nodes.filter(({ shape, dtype }) => dtype === "float32" && shape.length > 1 && shape[0] === null);
  return [inner[Math.floor(inner.length / 2)]?.id ?? "", model.heads[0]?.logit ?? model.outputs[0]?.id ?? ""];
}

for (const backend of await usableBackends()) {
  for (const { name, path, free, step, not = [] } of subjects) {
    if (not.includes(backend)) continue;
    test(`${backend}: ${name}: derivatives along directions are exact`, async () => {
      await useBackend(backend);
      const file = await path();
      const before = tf.memory().numTensors;
      const { model } = await loadModel(file);
      const { feeds, moving } = feedsOf(model, free);
      const x = feeds.get(moving);
      assert.ok(x);
      feeds.delete(moving);
      const value = Float32Array.from(x.dataSync());
      const random = seededRandom(3);
      const directions = [0, 1].map(() => value.map(() => random() - 0.5));
      for (const node of nodesOf(model)) {
        const output = (given: ReadonlyMap<NodeId, tf.Tensor>) => {
          const [found] = model.evaluate(given, [node]);
          assert.ok(found);
          return tf.reshape(found, [found.shape[0] ?? 1, -1]);
        };
        const at = (moved: Float32Array) =>
          tf.tidy(() => output(new Map([...feeds, [moving, tf.tensor(moved, x.shape)]])).dataSync());
        const point = [{ node: moving, shape: x.shape.slice(1), value }];
        const jvp = await Jvp.create({ output, heldFeeds: feeds }, point, [directions[0] ?? value]);
        assert.deepEqual(jvp.method, { kind: "double-vjp" }, node);
        const { derivatives } = await jvp.at(
          point,
          directions.map((each) => [each]),
        );
        for (const [row, v] of directions.entries()) {
          const derivative = derivatives[row] ?? [];
          const difference = (h: number) => {
            const [up = value, down = value] = [h, -h].map((by) => at(value.map((each, i) => each + by * (v[i] ?? 0))));
            return up.map((each, k) => (each - (down[k] ?? Number.NaN)) / (2 * h));
          };
          const [far, near] = [difference(2 * step), difference(step)];
          const size = distance(near);
          // Rounding of two values over the step, and kinks: their share of a difference falls with the step.
          const allowed = (2 ** -21 * distance(at(value))) / step + 6 * distance(near, far);
          assert.ok(allowed < 0.15 * size, `${node}: the differences are too coarse to judge: ${allowed} of ${size}`);
          const off = distance(near, derivative);
          assert.ok(off <= allowed, `${node}: differences are off by ${off} of ${size}, allowed ${allowed}`);

          const u = Float32Array.from(derivative, () => random() - 0.5);
          const backwards = tf.tidy(() =>
            tf
              .grad((each) =>
                tf.sum(tf.mul(output(new Map([...feeds, [moving, each]])), tf.tensor2d(u, [1, u.length]))),
              )(x)
              .dataSync(),
          );
          let [forward, backward, scale] = [0, 0, 0];
          derivative.forEach((each, k) => {
            forward += each * (u[k] ?? 0);
            scale += Math.abs(each * (u[k] ?? 0));
          });
          v.forEach((each, i) => {
            backward += each * (backwards[i] ?? Number.NaN);
          });
          assert.ok(Math.abs(forward - backward) <= 2e-4 * scale, `${node}: ${forward}, the gradient ${backward}`);
        }
      }
      tf.dispose([...feeds.values(), x]);
      model.dispose();
      assert.equal(tf.memory().numTensors, before);
    });
  }

  test(`${backend}: what ends a path unseen is refused for a direction too`, async () => {
    await useBackend(backend);
    const output = (feeds: ReadonlyMap<NodeId, tf.Tensor>) => {
      const x = feeds.get("x") as tf.Tensor;
      const start = tapeLength();
      markMovable([x]);
      const y = tf.add(tf.square(x), tf.floor(x));
      if (isRecording()) guardTape(start, ({ kernelName }) => kernelName);
      return y;
    };
    const value = Float32Array.of(0.3, 1.6);
    const point = [{ node: "x", shape: [2], value }];
    const { method } = await Jvp.create({ output, heldFeeds: new Map() }, point, [value]);
    assert.ok(method.kind === "central-differences" && /Floor/.test(method.reason), JSON.stringify(method));
  });
}
