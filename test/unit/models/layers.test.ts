import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { loadModel } from "../../../src/models/loadModel.ts";
import { usableBackends, useBackend } from "./backends.ts";
import { assertGradient, spacedValues } from "./finiteDifferences.ts";
import { layerCases } from "./layerCases.ts";
import { saveLayers } from "./savedLayers.ts";

for (const backend of await usableBackends()) {
  for (const { name, model: build, input, differences, comparable = true } of layerCases) {
    test(`${backend}: ${name}: tfjs's values, and a gradient that differences confirm`, async () => {
      // Built and run on the plain JavaScript backend: the values to compare with come from another implementation.
      await useBackend("cpu");
      const original = build();
      const folder = await saveLayers(original);
      const expected = tf.tidy(() => {
        const result = original.predict(input());
        return flat(Array.isArray(result) ? result : [result]).dataSync();
      });
      original.dispose();

      await useBackend(backend);
      const { model } = await loadModel(folder);
      try {
        const [from] = model.inputs;
        assert.ok(from !== undefined);
        const to = model.outputs.map(({ id }) => id);
        const f = (x: tf.Tensor) => flat(model.evaluate(new Map([[from.id, x]]), to));
        if (comparable)
          assertValues(
            tf.tidy(() => f(input()).dataSync()),
            expected,
          );
        const x = input();
        assertGradient(f, x, differences);
        x.dispose();
      } finally {
        model.dispose();
      }
    });
  }
}

/** All outputs of a model in one row. */
function flat(outputs: readonly tf.Tensor[]): tf.Tensor {
  return tf.concat1d(outputs.map((output) => tf.reshape<tf.Rank.R1>(output, [-1])));
}

test("BatchNormalization on axis 1 is the one of channels first", async () => {
  await useBackend("cpu");
  const input = tfl.input({ shape: [3, 4, 5] });
  const output = tfl.layers.batchNormalization({ axis: 1 }).apply(input);
  assert.ok(output instanceof tfl.SymbolicTensor);
  const original = tfl.model({ inputs: input, outputs: output });
  const folder = await saveLayers(original);
  const [gamma, beta, mean, variance] = original.getWeights().map((weight) => weight.dataSync());
  const { model } = await loadModel(folder);
  const x = spacedValues([2, 3, 4, 5], 9, 0.1);
  const [value] = model.evaluate(new Map([[input.sourceLayer.name, x]]), [model.outputs[0]?.id ?? ""]);
  const expected = x.dataSync().map((each, i) => {
    const c = Math.floor(i / 20) % 3;
    const scale = (gamma?.[c] ?? 0) / Math.sqrt((variance?.[c] ?? 0) + 1e-3);
    return (each - (mean?.[c] ?? 0)) * scale + (beta?.[c] ?? 0);
  });
  assertValues(value?.dataSync() ?? new Float32Array(), expected);
  model.dispose();
});

function assertValues(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert.equal(actual.length, expected.length);
  const size = Math.max(...Array.from(expected, Math.abs));
  Array.from(expected).forEach((value, i) => {
    const found = actual[i] ?? Number.NaN;
    assert.ok(Math.abs(found - value) <= 1e-5 * size + 1e-6, `value ${i}: ${found} for ${value}`);
  });
}
