import * as tf from "@tensorflow/tfjs-core";
import { gradient, savedTensor } from "./gradient.ts";
import { sumTo } from "./sumTo.ts";

/**
 * BatchMatMul. tfjs gives a gradient of the wrong shape, and throws, where one side was repeated over the other's batch
 * axes. Matrices are transposed on their own, because wasm has a fast product only for matrices that lie as they are.
 */
export const batchMatMulGradient = gradient(tf.BatchMatMul, ["a", "b"], (dy, saved, attrs) => {
  const a = savedTensor(saved, 0);
  const b = savedTensor(saved, 1);
  const transposeA = attrs["transposeA"] === true;
  const transposeB = attrs["transposeB"] === true;
  const plainA = () => (transposeA ? swapLast(a) : a);
  const plainB = () => (transposeB ? swapLast(b) : b);
  return {
    a: () => {
      const product = tf.matMul(dy, swapLast(plainB()));
      return sumTo(transposeA ? swapLast(product) : product, a.shape);
    },
    b: () => {
      const product = tf.matMul(swapLast(plainA()), dy);
      return sumTo(transposeB ? swapLast(product) : product, b.shape);
    },
  };
});

function swapLast(x: tf.Tensor): tf.Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return tf.transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}
