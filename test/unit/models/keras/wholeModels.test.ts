import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { Hdf5Reader } from "../../../../src/models/keras/hdf5/hdf5Reader.ts";
import { kerasArchiveModel } from "../../../../src/models/keras/loadKerasArchive.ts";
import { kerasH5Model } from "../../../../src/models/keras/loadKerasH5.ts";
import { loadModel } from "../../../../src/models/loadModel.ts";
import { installGradientRepairs } from "../../../../src/models/repairs/installGradientRepairs.ts";
import { usableBackends, useBackend } from "../backends.ts";
import { kerasBytes, kerasFile, kerasFiles, kerasTruth, toTensor } from "./kerasFixtures.ts";

/** Outputs of the real Keras 3 and tf_keras, for the models of scripts/fixtures/kerasModels.py. */

const reader = new Hdf5Reader();
test.after(() => reader.dispose());

/** Relative to the largest value of an output. Keras computed this one in half precision, which has eleven bits or eight. */
const tolerances: Readonly<Record<string, number>> = { "mixed-3.keras": 5e-3 };

const files = kerasFiles().filter((name) => !/^(lambda|custom)/.test(name));

for (const backend of await usableBackends()) {
  for (const name of files) {
    test(`${backend}: ${name} gives what Keras gives, and leaves nothing behind`, async () => {
      await useBackend(backend);
      const before = tf.memory().numTensors;
      installGradientRepairs();
      const load = name.endsWith(".h5") ? kerasH5Model : kerasArchiveModel;
      const model = await load(name, kerasBytes(name), reader, undefined);
      const truth = kerasTruth(name);
      assert.equal(model.inputs.length, truth.inputs.length);
      const feeds = new Map(
        model.inputs.map((spec, i) => [
          spec.id,
          tf.tidy(() => tf.cast(toTensor(truth.inputs[i] ?? { shape: [], values: [] }), spec.dtype)),
        ]),
      );
      const outputs = model.evaluate(
        feeds,
        model.outputs.map((spec) => spec.id),
      );
      assert.equal(outputs.length, truth.outputs.length);
      truth.outputs.forEach(({ shape, values }, index) => {
        const output = outputs[index];
        assert.deepEqual(output?.shape, shape);
        const size = Math.max(...values.map(Math.abs));
        const actual = output?.dataSync() ?? [];
        values.forEach((value, i) => {
          const found = actual[i] ?? Number.NaN;
          assert.ok(
            Math.abs(found - value) <= (tolerances[name] ?? 1e-5) * size,
            `output ${index}, value ${i}: ${found} for ${value}`,
          );
        });
      });
      tf.dispose([...feeds.values(), ...outputs]);
      model.dispose();
      assert.equal(tf.memory().numTensors, before);
    });
  }
}

const heads = [
  { name: "image-2.h5", activation: "softmax", logit: "dense:pre", embedding: undefined },
  { name: "image-3.keras", activation: "softmax", logit: "dense:pre", embedding: undefined },
  {
    name: "text-3.keras",
    activation: "softmax",
    logit: "dense",
    embedding: { input: "input_layer", node: "embedding", vocabularySize: 20, dimensions: 5 },
  },
  {
    name: "transformer-2.h5",
    activation: "softmax",
    logit: "dense_4:pre",
    embedding: { input: "input_1", node: "embedding", vocabularySize: 30, dimensions: 8 },
  },
  { name: "mobile-3.h5", activation: "sigmoid", logit: "dense:pre", embedding: undefined },
  { name: "operations-3.keras", activation: "softmax", logit: "dense_1", embedding: undefined },
  { name: "functions-2.h5", activation: "softmax", logit: "dense_1", embedding: undefined },
  { name: "residual-3.keras", activation: "none", logit: "logits", embedding: undefined },
] as const;

for (const { name, activation, logit, embedding } of heads) {
  test(`${name} as a file: its logits and its embedding are found`, async () => {
    await useBackend("cpu");
    const { model, format, summary } = await loadModel(kerasFile(name));
    assert.equal(format, name.endsWith(".h5") ? "keras-h5" : "keras");
    assert.ok(summary.parameterCount > 0);
    const [head] = model.heads;
    assert.deepEqual({ activation: head?.activation, logit: head?.logit }, { activation, logit });
    assert.deepEqual(model.embeddings[0], embedding);
    if (embedding !== undefined) assert.equal(model.inputs[0]?.dtype, "int32");
    model.dispose();
  });
}
