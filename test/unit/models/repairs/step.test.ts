import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { installGradientRepairs } from "../../../../src/models/repairs/installGradientRepairs.ts";
import { usableBackends, useBackend } from "../backends.ts";

const values = [-Infinity, -2, -0, 0, 1e-30, 3, Infinity, Number.NaN];

for (const backend of await usableBackends()) {
  test(`${backend}: the step of every kind of number, with and without a slope, and its use in a rectifier`, async () => {
    await useBackend(backend);
    installGradientRepairs();
    const before = tf.memory().numTensors;
    for (const alpha of [0, 0.25]) {
      const found = tf.tidy(() => tf.step(tf.tensor2d([values]), alpha).dataSync());
      const expected = values.map((value) => (Number.isNaN(value) ? value : value > 0 ? 1 : alpha));
      // The other backends give NaN the slope below 0, or pass it on; a number in its place is no concern of this one.
      assert.deepEqual([...found].slice(0, -1), expected.slice(0, -1));
      if (backend === "tensorflow") assert.ok(Number.isNaN(found.at(-1)));
    }
    const gradient = tf.tidy(() =>
      tf
        .grad((x) => tf.sum(tf.relu(x)))(tf.tensor1d([-1, 0, 2]))
        .dataSync(),
    );
    assert.deepEqual([...gradient], [0, 0, 1]);
    assert.equal(tf.memory().numTensors, before, "tensors are left behind");
  });
}
