import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { seededRandom } from "../../../../src/common/random.ts";
import { buildModel } from "../../../../src/models/keras/build/buildModel.ts";
import { parseModel } from "../../../../src/models/keras/config/parseModel.ts";
import { guardedModel } from "../../../../src/models/layers/guardedModel.ts";
import { installGradientRepairs } from "../../../../src/models/repairs/installGradientRepairs.ts";
import { usableBackends, useBackend } from "../backends.ts";
import { assertGradient } from "../finiteDifferences.ts";
import { type OwnLayerCase, ownLayerCases, startingPoint } from "./ownLayerCases.ts";

/** What the values are is compared with Keras itself in wholeModels.test.ts; here it is their gradients. */

for (const backend of await usableBackends()) {
  for (const each of ownLayerCases) {
    test(`${backend}: ${each.name}: a gradient that differences confirm`, async () => {
      await useBackend(backend);
      installGradientRepairs();
      const before = tf.memory().numTensors;
      const model = await guardedModel("case", () => withWeights(each));
      const points = each.shapes.map((shape, i) => startingPoint(shape, i + 3));
      // Each input in turn, the others standing still.
      points.forEach((point, index) => {
        const f = (x: tf.Tensor): tf.Tensor => {
          const feeds = new Map(model.inputs.map((spec, i) => [spec.id, i === index ? x : (points[i] ?? x)]));
          const [value] = model.evaluate(feeds, [model.outputs[0]?.id ?? ""]);
          assert.ok(value !== undefined);
          return value;
        };
        assertGradient(f, point, { step: 3e-3, ...each.differences });
      });
      tf.dispose(points);
      model.dispose();
      assert.equal(tf.memory().numTensors, before);
    });
  }
}

/** A functional model of one layer, with random weights. */
function withWeights({ className, config, shapes, kwargs = {}, inner }: OwnLayerCase) {
  const inputs = shapes.map((shape, i) => ({
    class_name: "InputLayer",
    config: { name: `x${i}`, batch_shape: [null, ...shape], dtype: "float32" },
    inbound_nodes: [],
  }));
  const tensors = inputs.map(({ config: { name } }) => ({
    class_name: "__keras_tensor__",
    config: { keras_history: [name, 0, 0] },
  }));
  const separate = className === "MultiHeadAttention";
  const args = separate
    ? tensors.length === 1
      ? [tensors[0], tensors[0]]
      : tensors
    : tensors.length === 1
      ? tensors
      : [tensors];
  const layer = {
    class_name: className,
    config: {
      name: "layer",
      trainable: true,
      dtype: "float32",
      ...config,
      ...(inner === undefined
        ? {}
        : { layer: { ...inner, config: { name: "inner", trainable: true, ...inner.config } } }),
    },
    inbound_nodes: [{ args, kwargs }],
  };
  const json = {
    class_name: "Functional",
    config: {
      name: "case",
      layers: [...inputs, layer],
      input_layers: inputs.map(({ config: { name } }) => [name, 0, 0]),
      output_layers: [["layer", 0, 0]],
    },
  };
  const { model } = buildModel(parseModel("case", json, 3), 1e4);
  const random = seededRandom(11);
  for (const weight of model.weights) {
    const shape = weight.shape.map((size) => size ?? 1);
    const positive = /variance|gamma/.test(weight.originalName);
    const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => {
      const value = 1.4 * random() - 0.7;
      return positive ? value + 1.2 : value + 0.2 * Math.sign(value);
    });
    const tensor = tf.tensor(values, shape);
    weight.write(tensor);
    tensor.dispose();
  }
  return model;
}
