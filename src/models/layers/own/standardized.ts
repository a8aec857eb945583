import * as tf from "@tensorflow/tfjs-core";

/** (x − mean)/√(variance + ε), both over `axes`. */
export function standardized(x: tf.Tensor, axes: readonly number[], epsilon: number): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, [...axes], true));
  return scaledByPower(centred, centred, axes, epsilon);
}

/** x/√(mean of y² + ε) */
export function scaledByPower(x: tf.Tensor, y: tf.Tensor, axes: readonly number[], epsilon: number): tf.Tensor {
  const power = tf.mean(tf.square(y), [...axes], true);
  return tf.mul(x, tf.rsqrt(tf.add(power, epsilon)));
}
