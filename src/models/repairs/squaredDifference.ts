import * as tf from "@tensorflow/tfjs-core";
import { gradient, savedTensor } from "./gradient.ts";
import { sumTo } from "./sumTo.ts";

/** SquaredDifference. tfjs gives a gradient of the wrong shape, and throws, where a side was repeated. */
export const squaredDifferenceGradient = gradient(tf.SquaredDifference, ["a", "b"], (dy, saved) => {
  const [a, b] = [savedTensor(saved, 0), savedTensor(saved, 1)];
  return {
    a: () => sumTo(tf.mul(dy, tf.mul(2, tf.sub(a, b))), a.shape),
    b: () => sumTo(tf.mul(dy, tf.mul(2, tf.sub(b, a))), b.shape),
  };
});
