import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers";
import { markMovable } from "../../../src/models/leanTape.ts";
import { installGradientRepairs } from "../../../src/models/repairs/installGradientRepairs.ts";
import { guardTape, tapeLength } from "../../../src/models/tape.ts";
import { usableBackends, useBackend } from "./backends.ts";

const width = 64;
const rows = 32;

/** Layers as in a transformer: products with weights, additions, reshapes, a softmax, a residual, a slice, a concat. */
function network(x: tf.Tensor, weights: readonly tf.Tensor[]): tf.Tensor {
  return weights.reduce((value, weight) => {
    const product = tf.add(tf.matMul(tf.reshape(value, [-1, width]), weight), 0.1);
    const gate = tf.softmax(tf.mul(product, 0.5));
    const turned = tf.transpose(tf.reshape(tf.mul(gate, product), [rows, 8, 8]), [0, 2, 1]);
    const halves = tf.concat([tf.slice(turned, [0, 0, 0], [-1, 4, -1]), tf.slice(turned, [0, 4, 0], [-1, 4, -1])], 1);
    return tf.add(tf.reshape(halves, [rows, width]), tf.div(value, 2));
  }, x);
}

interface Measured {
  readonly gradient: Float32Array;
  /** Held when the forward pass has ended. */
  readonly bytes: number;
}

function measure(x: tf.Tensor, weights: readonly tf.Tensor[], lean: boolean, mark = true): Measured {
  const before = tf.memory().numBytes;
  let bytes = 0;
  const gradient = tf.tidy(() =>
    tf
      .grad((input) => {
        const start = tapeLength();
        if (lean && mark) markMovable([input]);
        // What the forward pass itself does not return goes, as an executor lets it go.
        const y = tf.tidy(() => network(input, weights));
        if (lean) guardTape(start, ({ kernelName }) => kernelName);
        bytes = tf.memory().numBytes - before;
        return tf.sum(tf.square(y)).asScalar();
      })(x)
      .dataSync(),
  );
  return { gradient: Float32Array.from(gradient), bytes };
}

for (const backend of await usableBackends()) {
  test(`${backend}: the same gradient to the bit from less than half of the memory, and no tensor is left`, async () => {
    await useBackend(backend);
    installGradientRepairs();
    const x = tf.randomNormal([rows, width], 0, 1, "float32", 3);
    const weights = Array.from({ length: 6 }, (_, i) => tf.randomNormal([width, width], 0, 0.2, "float32", i + 10));
    const tensors = tf.memory().numTensors;
    const whole = measure(x, weights, false);
    const lean = measure(x, weights, true);
    assert.deepEqual(lean.gradient, whole.gradient);
    assert.ok(lean.bytes < 0.5 * whole.bytes, `${lean.bytes} bytes of ${whole.bytes}`);
    assert.equal(tf.memory().numTensors, tensors);
    tf.dispose([x, ...weights]);
  });
}

test("what was fed without being marked gives an error, not a wrong gradient", async () => {
  await useBackend("cpu");
  installGradientRepairs();
  const x = tf.randomNormal([rows, width], 0, 1, "float32", 3);
  const weights = [tf.randomNormal([width, width], 0, 0.2, "float32", 10)];
  assert.throws(() => measure(x, weights, true, false));
  tf.dispose([x, ...weights]);
});
