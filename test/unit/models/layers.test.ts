import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { loadModel } from "../../../src/models/loadModel.ts";
import { activateBackend, usableBackends } from "./backends.ts";
import { assertGradient } from "./finiteDifferences.ts";
import { layerCases } from "./layerCases.ts";
import { saveLayers } from "./savedLayers.ts";

for (const backend of await usableBackends()) {
  for (const { name, model: build, input, differences } of layerCases) {
    test(`${backend}: ${name}: tfjs's values, and a gradient that differences confirm`, async () => {
      // Built and run on the plain JavaScript backend: the values to compare with come from another implementation.
      await activateBackend("cpu");
      const original = build();
      const folder = await saveLayers(original);
      const expected = tf.tidy(() => {
        const result = original.predict(input());
        return (Array.isArray(result) ? (result[0] ?? tf.scalar(0)) : result).dataSync();
      });
      original.dispose();

      await activateBackend(backend);
      const { model } = await loadModel(folder);
      try {
        const [from] = model.inputs;
        const [to] = model.outputs;
        assert.ok(from !== undefined && to !== undefined);
        const f = (x: tf.Tensor) => {
          const [value] = model.evaluate(new Map([[from.id, x]]), [to.id]);
          assert.ok(value !== undefined);
          return value;
        };
        const actual = tf.tidy(() => f(input()).dataSync());
        assert.equal(actual.length, expected.length);
        const size = Math.max(...expected.map(Math.abs));
        expected.forEach((value, i) => {
          assert.ok(
            Math.abs((actual[i] ?? Number.NaN) - value) <= 1e-5 * size + 1e-6,
            `value ${i}: ${actual[i]} for ${value}`,
          );
        });
        const x = input();
        assertGradient(f, x, differences);
        x.dispose();
      } finally {
        model.dispose();
      }
    });
  }
}
