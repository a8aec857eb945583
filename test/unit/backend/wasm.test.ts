import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { activateBackend } from "../../../src/backend/index.ts";

test("WebAssembly starts with SIMD and leaves no last-resort error handlers behind", async () => {
  const listeners = () => process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection");
  const before = listeners();
  assert.equal((await activateBackend("wasm")).device, "CPU · SIMD");
  assert.equal(listeners(), before);
});

test("WebAssembly computes right after its memory has grown", async () => {
  await activateBackend("wasm");
  const values = tf.tidy(() => {
    const product = tf.matMul(tf.ones<tf.Rank.R2>([3000, 3000]), tf.ones<tf.Rank.R2>([3000, 64]));
    return tf.slice(product, [2999, 60], [1, 4]).dataSync();
  });
  assert.deepEqual([...values], [3000, 3000, 3000, 3000]);
});
