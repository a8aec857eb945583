import * as tf from "@tensorflow/tfjs-core";
import { gradient, savedTensor } from "./gradient.ts";
import { sumTo } from "./sumTo.ts";

/**
 * Maximum and Minimum of two tensors. tfjs gives a gradient of the wrong shape, and throws, where a side was repeated.
 * Where both are equal the first takes everything.
 */
export const maximumGradient = choice(tf.Maximum, (a, b) => tf.greaterEqual(a, b));
export const minimumGradient = choice(tf.Minimum, (a, b) => tf.lessEqual(a, b));

function choice(kernelName: string, firstWins: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): tf.GradConfig {
  return gradient(kernelName, ["a", "b"], (dy, saved) => {
    const [a, b] = [savedTensor(saved, 0), savedTensor(saved, 1)];
    return {
      a: () => sumTo(tf.mul(dy, tf.cast(firstWins(a, b), "float32")), a.shape),
      b: () => sumTo(tf.mul(dy, tf.cast(tf.logicalNot(firstWins(a, b)), "float32")), b.shape),
    };
  });
}
