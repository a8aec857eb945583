import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { installGradientRepairs } from "../../../../src/models/repairs/installGradientRepairs.ts";
// Registers tfjs's own gradients, which the repairs go over.
import "@tensorflow/tfjs-layers";
import { usableBackends, useBackend } from "../backends.ts";
import { assertGradient } from "../finiteDifferences.ts";
import { opCases } from "../opCases.ts";

const backends = await usableBackends();

for (const backend of backends) {
  for (const { name, f, x: create, differences, not = [] } of opCases) {
    if (not.includes(backend)) continue;
    test(`${backend}: ${name}: differences confirm the gradient`, async () => {
      await useBackend(backend);
      installGradientRepairs();
      const x = create();
      assertGradient(f, x, differences);
      x.dispose();
    });
  }
}

test("every backend puts out the same", async () => {
  for (const { name, f, x: create, not = [] } of opCases) {
    let expected: Float32Array | undefined;
    for (const backend of backends) {
      if (not.includes(backend)) continue;
      await useBackend(backend);
      installGradientRepairs();
      const values = Float32Array.from(tf.tidy(() => f(create()).dataSync()));
      expected ??= values;
      const size = Math.max(...expected.map(Math.abs));
      const worst = Math.max(...values.map((value, i) => Math.abs(value - (expected?.[i] ?? Number.NaN))));
      assert.ok(worst <= 1e-5 * size + 1e-6, `${backend}: ${name}: off by ${worst} of ${size}`);
    }
  }
});

test("installing twice changes nothing, and a package that registers over the repairs is put right", async () => {
  await useBackend("wasm");
  installGradientRepairs();
  const ours = tf.getGradient(tf.MirrorPad);
  const kernel = tf.getKernel(tf.Conv2D, "wasm").kernelFunc;
  installGradientRepairs();
  assert.equal(tf.getGradient(tf.MirrorPad), ours);
  assert.equal(tf.getKernel(tf.Conv2D, "wasm").kernelFunc, kernel);
  tf.unregisterGradient(tf.MirrorPad);
  tf.registerGradient({ kernelName: tf.MirrorPad, gradFunc: () => ({}) });
  installGradientRepairs();
  assert.equal(tf.getGradient(tf.MirrorPad), ours);
});

test("the test itself finds a wrong gradient", async () => {
  await useBackend("cpu");
  const wrong = tf.customGrad((x) => {
    if (!(x instanceof tf.Tensor)) throw new Error("a tensor is wanted");
    return { value: tf.square(x), gradFunc: (dy: tf.Tensor) => tf.mul(dy, tf.mul(x, 2.05)) };
  });
  assert.throws(() => assertGradient((x) => wrong(x), tf.tensor1d([0.3, -0.8, 1.2])), /differences/);
});
