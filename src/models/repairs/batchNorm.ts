import * as tf from "@tensorflow/tfjs-core";
import { gradient, savedTensor } from "./gradient.ts";

/**
 * FusedBatchNorm in inference. tfjs computes and keeps x − mean and dy·scale whatever is asked for; with respect to the
 * input alone the gradient is one product with scale/√(variance + ε). Those of the statistics are not given, since a
 * model that computes them from its input does so by other ops.
 */
export const batchNormGradient = gradient(tf.FusedBatchNorm, ["variance", "scale"], (dy, saved, attrs) => {
  const variance = savedTensor(saved, 0);
  const scale = savedTensor(saved, 1);
  const epsilon = attrs["varianceEpsilon"];
  return {
    x: () => tf.mul(dy, tf.mul(scale, tf.rsqrt(tf.add(variance, typeof epsilon === "number" ? epsilon : 1e-3)))),
    offset: () => {
      const axes = tf.broadcast_util.getReductionAxes(scale.shape, dy.shape);
      return axes.length === 0 ? dy : tf.reshape(tf.sum(dy, axes), scale.shape);
    },
  };
});
