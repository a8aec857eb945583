// The derivative of f along v, by differentiating the gradient: ∂⟨∂⟨f, u⟩/∂x, v⟩/∂u. Each backward kernel is linear in dy
// and needs its transpose for it; those that have none are listed, and refused as what has no gradient.
import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../../src/common/errors.ts";
import { installGradientRepairs } from "../../../../src/models/repairs/installGradientRepairs.ts";
import "@tensorflow/tfjs-layers";
import { usableBackends, useBackend } from "../backends.ts";
import { backwardCases } from "../backwardCases.ts";
import { assertGradient } from "../finiteDifferences.ts";
import { opCases } from "../opCases.ts";

/** What only the gradient of a filter needs, and a filter that is computed from x. */
const withoutTranspose: ReadonlySet<string> = new Set([
  ...["Conv2DBackpropFilter", "Conv3DBackpropFilterV2", "DepthwiseConv2dNativeBackpropFilter"],
  "Dilation2DBackpropFilter",
]);

for (const backend of await usableBackends()) {
  test(`${backend}: the gradient of a gradient is the derivative along a direction, or is refused`, async () => {
    await useBackend(backend);
    installGradientRepairs();
    let judged = 0;
    for (const { name, f, x: create, differences, not = [] } of opCases) {
      if (not.includes(backend)) continue;
      tf.tidy(() => {
        const x = create();
        const v = tf.randomNormal(x.shape, 0, 1, "float32", 3);
        const u = tf.randomNormal(f(x).shape, 0, 1, "float32", 4);
        const gradient = (dy: tf.Tensor) => tf.grad((each) => tf.sum(tf.mul(f(each), dy)))(x);
        let derivative: tf.Tensor;
        try {
          derivative = tf.grad((dy) => tf.sum(tf.mul(gradient(dy), v)))(u);
        } catch (error) {
          const kernel = /gradient function not found for (\w+)/.exec(error instanceof Error ? error.message : "")?.[1];
          assert.ok(kernel !== undefined && withoutTranspose.has(kernel), `${name}: ${String(error)}`);
          return;
        }
        judged++;
        const step = differences?.step ?? 3e-3;
        const at = (h: number) => f(tf.add(x, tf.mul(v, h)));
        const expected = tf.div(tf.sub(at(step), at(-step)), 2 * step);
        const [off = Number.NaN] = tf.max(tf.abs(tf.sub(derivative, expected))).dataSync();
        const [size = 0] = tf.max(tf.abs(expected)).dataSync();
        assert.ok(off <= 0.02 * size + 1e-4, `${name}: off by ${off} of ${size}`);
      });
    }
    assert.ok(judged > 150, `${judged} cases`);
  });
  for (const { name, f, x: create, differences, not = [] } of backwardCases) {
    if (not.includes(backend)) continue;
    test(`${backend}: ${name}: differences confirm the transpose`, async () => {
      await useBackend(backend);
      installGradientRepairs();
      const dy = create();
      assertGradient(f, dy, differences);
      dy.dispose();
    });
  }

  test(`${backend}: a backward kernel is refused by name with respect to what it is not linear in`, async () => {
    await useBackend(backend);
    installGradientRepairs();
    tf.tidy(() => {
      const ofOutput = (y: tf.Tensor) => tf.engine().runKernel<tf.Tensor>(tf.EluGrad, { dy: tf.onesLike(y), y });
      assert.throws(
        () => tf.grad(ofOutput)(tf.tensor1d([-0.5, 0.5])),
        (error) =>
          error instanceof PathlightError && error.code === "model-not-differentiable" && /EluGrad/.test(error.message),
      );
    });
  });
}
