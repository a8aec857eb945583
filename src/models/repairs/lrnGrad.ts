import * as tf from "@tensorflow/tfjs-core";
import { savedTensor } from "./gradient.ts";
import { transposed } from "./transposed.ts";

/**
 * LRNGrad. With n_i = bias + α Σ_j x_j² over the channels j within `depthRadius` of i, y_i = x_i n_i^−β (Krizhevsky,
 * Sutskever, Hinton 2012, section 3.3), so that J v = v n^−β − 2αβ x n^(−β−1) Σ_j x_j v_j.
 */
export const lrnGradGradient = transposed(tf.LRNGrad, ["x"], (v, saved, attrs) => {
  const x = savedTensor(saved, 0);
  const [alpha, beta, bias] = [Number(attrs["alpha"]), Number(attrs["beta"]), Number(attrs["bias"])];
  const channels = x.shape[x.rank - 1] ?? 1;
  const radius = Number(attrs["depthRadius"]);
  const near = Float32Array.from({ length: channels * channels }, (_, k) =>
    Math.abs(Math.floor(k / channels) - (k % channels)) <= radius ? 1 : 0,
  );
  const band = tf.tensor2d(near, [channels, channels]);
  const around = (values: tf.Tensor) => tf.reshape(tf.matMul(tf.reshape(values, [-1, channels]), band), x.shape);
  const n = tf.add(tf.mul(around(tf.square(x)), alpha), bias);
  const bent = tf.mul(tf.mul(x, tf.pow(n, -beta - 1)), around(tf.mul(x, v)));
  return tf.sub(tf.mul(v, tf.pow(n, -beta)), tf.mul(bent, 2 * alpha * beta));
});
