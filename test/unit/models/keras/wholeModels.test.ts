import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { loadModel } from "../../../../src/models/loadModel.ts";
import { usableBackends, useBackend } from "../backends.ts";
import { kerasFile, kerasFiles, kerasTruth, toTensor } from "./kerasFixtures.ts";

/** Outputs of the real Keras 3 and tf_keras, for the models of scripts/fixtures/kerasModels.py. */

const files = kerasFiles().filter((name) => !name.startsWith("lambda"));

for (const backend of await usableBackends()) {
  for (const name of files) {
    test(`${backend}: ${name} gives what Keras gives, and leaves nothing behind`, async () => {
      await useBackend(backend);
      const before = tf.memory().numTensors;
      const { model, format } = await loadModel(kerasFile(name));
      assert.equal(format, name.endsWith(".h5") ? "keras-h5" : "keras");
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
          assert.ok(Math.abs(found - value) <= 1e-5 * size, `output ${index}, value ${i}: ${found} for ${value}`);
        });
      });
      tf.dispose([...feeds.values(), ...outputs]);
      model.dispose();
      assert.equal(tf.memory().numTensors, before);
    });
  }
}
