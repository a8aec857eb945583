import * as tf from "@tensorflow/tfjs-core";
import { asTensors } from "./composedKernel.ts";
import type { KernelWrapper } from "./wrappedKernel.ts";

/**
 * BatchMatMul on cpu and wasm takes matrix `i % count` of the operand with fewer matrices, which is another one than
 * broadcasting asks for as soon as an axis of size 1 stands behind a larger one: [2, 1, …] × [1, 3, …] came out wrong
 * without an error. Such operands are repeated first.
 */
export const batchMatMulWrappers: readonly KernelWrapper[] = ["cpu", "wasm"].flatMap((backendName) =>
  [tf.BatchMatMul, tf._FusedMatMul].map(
    (kernelName): KernelWrapper => ({
      kernelName,
      backendName,
      wrap: (original) => (params) => {
        const { a, b } = asTensors(kernelName, params.inputs);
        if (a === undefined || b === undefined) return original(params);
        const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
        const batch = tf.broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
        if (cycles(batchA, batch) && cycles(batchB, batch)) return original(params);
        const wide = { a: repeated(a, batch), b: repeated(b, batch) };
        const result = original({ ...params, inputs: { ...params.inputs, ...wide } });
        tf.dispose(wide);
        return result;
      },
    }),
  ),
);

/** Whether going round and round through the matrices is what broadcasting means: every axis after a repeated one is whole. */
function cycles(own: readonly number[], batch: readonly number[]): boolean {
  const missing = batch.length - own.length;
  const lastRepeated = batch.findLastIndex((size, axis) => size !== 1 && (axis < missing || own[axis - missing] === 1));
  return own.slice(0, Math.max(0, lastRepeated - missing)).every((size) => size === 1);
}

function repeated(x: tf.Tensor, batch: readonly number[]): tf.Tensor {
  return tf.broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
}
