// The derivative of f along v, by differentiating the gradient: ∂⟨∂⟨f, u⟩/∂x, v⟩/∂u. Each backward kernel is linear in dy
// and needs its transpose for it; those that have none are listed, and refused as what has no gradient.
import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { installGradientRepairs } from "../../../../src/models/repairs/installGradientRepairs.ts";
import "@tensorflow/tfjs-layers";
import { usableBackends, useBackend } from "../backends.ts";
import { opCases } from "../opCases.ts";

const withoutTranspose: ReadonlySet<string> = new Set([
  ...["AvgPoolGrad", "AvgPool3DGrad", "MaxPoolGrad", "MaxPool3DGrad", "LRNGrad", "EluGrad"],
  ...["Conv2DBackpropFilter", "Conv3DBackpropFilterV2", "DepthwiseConv2dNativeBackpropFilter"],
  ...["DepthwiseConv2dNativeBackpropInput", "Dilation2DBackpropFilter", "Dilation2DBackpropInput"],
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
}
