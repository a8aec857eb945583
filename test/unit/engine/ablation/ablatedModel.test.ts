// An ablated model against models whose weights say the same: a channel without weights and with a bias puts out a constant.
import assert from "node:assert/strict";
import test from "node:test";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { seededRandom } from "../../../../src/common/random.ts";
import { AblatedModel, type AblatedNode } from "../../../../src/engine/ablation/ablatedModel.ts";
import type { DifferentiableModel, NodeId } from "../../../../src/engine/port.ts";
import { loadModel } from "../../../../src/models/loadModel.ts";
import { usableBackends, useBackend } from "../../models/backends.ts";
import { assertGradient } from "../../models/finiteDifferences.ts";
import { kerasFile } from "../../models/keras/kerasFixtures.ts";
import { saveLayers, saveWeights } from "../../models/savedLayers.ts";

const fixtures = fileURLToPath(new URL("../../../fixtures/", import.meta.url));
const channels = 4;
/** What the channels that are switched off put out instead. */
const constants = [0, 0.7, 0, -0.3];
const off = [1, 3];

/** Two convolutions and a way beside the second; `constant`: channels of the second are constants by their weights. */
async function residual(constant: boolean): Promise<DifferentiableModel> {
  const { layers } = tfl;
  const input = tfl.input({ shape: [6, 5, 2] });
  const conv = (name: string) =>
    layers.conv2d({
      name,
      filters: channels,
      kernelSize: 3,
      padding: "same",
    });
  const first = layers.activation({ activation: "tanh" }).apply(conv("first").apply(input));
  const second = conv("second");
  const bent = second.apply(first) as tfl.SymbolicTensor;
  const sum = layers
    .add()
    .apply([first as tfl.SymbolicTensor, layers.activation({ activation: "tanh" }).apply(bent) as tfl.SymbolicTensor]);
  const dense = layers.dense({ name: "logits", units: 3 });
  const output = dense.apply(layers.flatten().apply(sum)) as tfl.SymbolicTensor;
  const model = tfl.model({ inputs: input, outputs: output });
  await saveLayers(model);
  if (constant) {
    const [kernel, bias] = second.getWeights();
    const keep = tf.tensor1d(constants.map((_, channel) => (off.includes(channel) ? 0 : 1)));
    const value = tf.tensor1d(constants);
    second.setWeights([tf.mul(kernel as tf.Tensor, keep), tf.where(tf.cast(keep, "bool"), bias as tf.Tensor, value)]);
  }
  return (await loadModel(await saveWeights(model))).model;
}

/** All places of the channels at `axis`. */
function channelsOff(
  id: NodeId,
  shape: readonly number[],
  axis: number,
  which: readonly number[],
  values: readonly number[],
): AblatedNode {
  const inner = shape.slice(axis + 1).reduce((product, side) => product * side, 1);
  const size = shape.reduce((product, side) => product * side, 1);
  const channel = (place: number) => Math.floor(place / inner) % (shape[axis] ?? 1);
  return {
    id,
    shape,
    off: Uint8Array.from({ length: size }, (_, place) => (which.includes(channel(place)) ? 1 : 0)),
    value: Float32Array.from({ length: size }, (_, place) => values[channel(place)] ?? 0),
  };
}

const random = (shape: number[], seed: number): tf.Tensor => {
  const next = seededRandom(seed);
  const size = shape.reduce((product, side) => product * side, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => 2 * next() - 1),
    shape,
  );
};
const values = (model: DifferentiableModel, feeds: ReadonlyMap<NodeId, tf.Tensor>, id: NodeId): Float32Array =>
  Float32Array.from(tf.tidy(() => (model.evaluate(feeds, [id])[0] as tf.Tensor).dataSync()));
function assertClose(found: ArrayLike<number>, expected: ArrayLike<number>, what: string, tolerance = 1e-5): void {
  assert.equal(found.length, expected.length, what);
  const size = Math.max(...Array.from(expected, Math.abs), 1e-3);
  for (let k = 0; k < expected.length; k++) {
    assert.ok(
      Math.abs((found[k] ?? Number.NaN) - (expected[k] as number)) <= tolerance * size,
      `${what}: ${found[k]} for ${expected[k]}`,
    );
  }
}

for (const backend of await usableBackends()) {
  test(`${backend}: ablated channels are channels without weights: scores and gradients, beside a way round`, async () => {
    await useBackend(backend);
    const plain = await residual(false);
    const truth = await residual(true);
    const input = plain.inputs[0]?.id ?? "";
    const truthInput = truth.inputs[0]?.id ?? "";
    const ablated = new AblatedModel(plain, [channelsOff("second", [6, 5, channels], 2, off, constants)]);
    const x = random([3, 6, 5, 2], 1);
    const before = tf.memory().numTensors;
    const expected = values(truth, new Map([[truthInput, x]]), truth.outputs[0]?.id ?? "");
    const output = plain.outputs[0]?.id ?? "";
    assertClose(values(ablated, new Map([[input, x]]), output), expected, "scores");
    assert.ok(
      expected.some((value, k) => Math.abs(value - (values(plain, new Map([[input, x]]), output)[k] ?? 0)) > 0.1),
    );
    const weights = random([3, 3], 2);
    const gradient = (model: DifferentiableModel, id: NodeId, out: NodeId) =>
      tf.tidy(() =>
        tf
          .grad((each) => tf.sum(tf.mul(model.evaluate(new Map([[id, each]]), [out])[0] as tf.Tensor, weights)))(x)
          .dataSync(),
      );
    const wanted = gradient(truth, truthInput, truth.outputs[0]?.id ?? "");
    assertClose(gradient(ablated, input, output), wanted, "gradient");
    assertGradient((each) => ablated.evaluate(new Map([[input, each]]), [output])[0] as tf.Tensor, x, { step: 2e-2 });
    weights.dispose();
    assert.equal(tf.memory().numTensors, before);
    x.dispose();
    plain.dispose();
    truth.dispose();
  });

  test(`${backend}: two layers, one behind the other; a node that is fed; nodes that nothing reads`, async () => {
    await useBackend(backend);
    const plain = await residual(false);
    const input = plain.inputs[0]?.id ?? "";
    const output = plain.outputs[0]?.id ?? "";
    const x = random([2, 6, 5, 2], 4);
    const feeds = new Map([[input, x]]);
    const first = channelsOff("first", [6, 5, channels], 2, [0], [0.5]);
    const second = channelsOff("second", [6, 5, channels], 2, off, constants);
    // By hand, in the order of the graph, whatever the order that they are named in.
    const expected = tf.tidy(() => {
      const edit = (value: tf.Tensor, node: AblatedNode) =>
        tf.where(tf.tensor(node.off, [1, ...node.shape], "bool"), tf.tensor(node.value, [1, ...node.shape]), value);
      const a = edit(plain.evaluate(feeds, ["first"])[0] as tf.Tensor, first);
      const b = edit(plain.evaluate(new Map([["first", a]]), ["second"])[0] as tf.Tensor, second);
      return (
        plain.evaluate(
          new Map([
            ["first", a],
            ["second", b],
          ]),
          [output],
        )[0] as tf.Tensor
      ).dataSync();
    });
    const ablated = new AblatedModel(plain, [second, first]);
    assertClose(values(ablated, feeds, output), expected, "both");
    const fed = random([2, 6, 5, channels], 6);
    const seen = values(ablated, new Map([...feeds, ["second", fed]]), "second");
    const given = fed.dataSync();
    for (const [place, isOff] of second.off.entries()) {
      assert.equal(seen[place], isOff === 1 ? second.value[place] : given[place]);
    }
    assert.ok(ablated.reaches([output]) && ablated.reaches(["second"]));
    assert.ok(!new AblatedModel(plain, [second]).reaches(["first"]));
    assert.ok(!new AblatedModel(plain, [first]).reaches(["second"], new Set(["second"])));
    tf.dispose([x, fed]);
    plain.dispose();
  });

  for (const [name, path, pick, step] of [
    // The last: a step of differences, where few kinks lie within one.
    ["MobileNetV2", () => `${fixtures}mobilenet-v2`, "block_9_expand_relu", null],
    ["a ResNet of ONNX", () => `${fixtures}onnx/resnet-script.onnx`, "Relu", null],
    ["a ViT of ONNX", () => `${fixtures}onnx/vit-script.onnx`, "Erf", 2e-2],
    ["an .h5 file", () => kerasFile("image-3.h5"), "Conv2D", null],
  ] as const) {
    if (backend === "cpu" && name === "MobileNetV2") continue;
    test(`${backend}: ${name}: what is switched off moves nothing, and differences confirm the gradient of the rest`, async () => {
      await useBackend(backend);
      const { model } = await loadModel(path());
      const [input] = model.inputs;
      assert.ok(input);
      const inner = model.nodes.filter(({ id, op }) => id === pick || op === pick);
      const node = inner[Math.floor(inner.length / 2)];
      assert.ok(node, "the layer is there");
      const x = random([1, ...input.shape.slice(1).map((side) => side ?? 8)], 3);
      const output = model.heads[0]?.logit ?? "";
      const feeds = new Map([[input.id, x]]);
      const [value] = model.evaluate(feeds, [node.id]);
      assert.ok(value);
      const shape = value.shape.slice(1);
      const half = new Uint8Array(value.size).map((_, place) => place % 2);
      const constant = new Float32Array(value.size).fill(0.1);
      const ablated = new AblatedModel(model, [{ id: node.id, shape, off: half, value: constant }]);
      // The layer fed by hand with the same numbers.
      const changed = tf.tensor(
        value.dataSync().map((each, place) => (place % 2 === 1 ? 0.1 : each)),
        value.shape,
      );
      assertClose(
        values(ablated, feeds, output),
        values(model, new Map([...feeds, [node.id, changed]]), output),
        "score",
      );
      if (step !== null) {
        assertGradient((each) => ablated.evaluate(new Map([[input.id, each]]), [output])[0] as tf.Tensor, x, {
          step: 2e-3,
          directions: 2,
        });
      }
      const all = new AblatedModel(model, [{ id: node.id, shape, off: half.fill(1), value: constant }]);
      assert.ok(values(all, feeds, output).every(Number.isFinite));
      tf.dispose([x, value, changed]);
      model.dispose();
    });
  }

  test(`${backend}: what is not finite is gone with the neuron; what is left is named`, async () => {
    await useBackend(backend);
    const { layers } = tfl;
    const model = tfl.sequential();
    model.add(layers.dense({ name: "inner", inputShape: [3], units: 3 }));
    model.add(layers.dense({ name: "last", units: 2 }));
    const broken = tf.tensor2d([0.5, 3e38, 0.1, -0.2, 3e38, 3e38, 0.7, 0.6, 3e38], [3, 3]);
    model.getLayer("inner").setWeights([broken, tf.zeros([3])]);
    const { model: loaded } = await loadModel(await saveWeights(model));
    const input = loaded.inputs[0]?.id ?? "";
    const x = tf.tensor2d([[2, 2, 2]]);
    const feeds = new Map([[input, x]]);
    const whole = new AblatedModel(loaded, [channelsOff("inner", [3], 0, [1, 2], [0, 0, 0])]);
    assert.ok(values(whole, feeds, "last").every(Number.isFinite));
    assert.equal(await whole.firstNonFiniteNode(feeds), null);
    const part = new AblatedModel(loaded, [channelsOff("inner", [3], 0, [1], [0, 0, 0])]);
    assert.equal(await part.firstNonFiniteNode(feeds), "inner");
    x.dispose();
    loaded.dispose();
  });

  test(`${backend}: a layer that is not there, or of another shape`, async () => {
    await useBackend(backend);
    const plain = await residual(false);
    const input = plain.inputs[0]?.id ?? "";
    assert.throws(() => new AblatedModel(plain, [channelsOff("nowhere", [2], 0, [0], [0])]), {
      code: "model-node-unknown",
    });
    const x = random([1, 6, 5, 2], 4);
    const wrong = new AblatedModel(plain, [channelsOff("second", [6, 4, channels], 2, [0], [0])]);
    assert.throws(() => wrong.evaluate(new Map([[input, x]]), [plain.outputs[0]?.id ?? ""]), {
      code: "model-unsupported-shape",
    });
    x.dispose();
    plain.dispose();
  });
}
