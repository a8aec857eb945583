import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { installGradientRepairs } from "../../../../src/models/repairs/installGradientRepairs.ts";
import { usableBackends, useBackend } from "../backends.ts";

for (const backend of await usableBackends()) {
  test(`${backend}: the gradient of unpacking one part, or several`, async () => {
    await useBackend(backend);
    installGradientRepairs();
    for (const [shape, axis] of [
      [[1, 3], 0],
      [[3, 1], 1],
      [[2, 3], 0],
      [[3, 2], -1],
    ] as const) {
      const size = shape[0] * shape[1];
      const x = tf.tensor2d(
        Array.from({ length: size }, (_, i) => i + 1),
        [...shape],
      );
      // Σ over the parts of (k + 1) Σ part²: the gradient is 2 (k + 1) x.
      const weighted = (each: tf.Tensor): tf.Tensor =>
        tf.addN(tf.unstack(each, axis).map((part, k) => tf.mul(tf.sum(tf.square(part)), k + 1)));
      const gradient = tf.grad(weighted)(x);
      const along = axis === 0 ? 0 : 1;
      const expected = Array.from({ length: size }, (_, i) => {
        const k = along === 0 ? Math.floor(i / shape[1]) : i % shape[1];
        return 2 * (k + 1) * (i + 1);
      });
      assert.deepEqual([...gradient.dataSync()], expected, `[${shape.join(", ")}], axis ${axis}`);
      tf.dispose([x, gradient]);
    }
  });
}
