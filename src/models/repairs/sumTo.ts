import * as tf from "@tensorflow/tfjs-core";

/** The transpose of broadcasting: sums over the axes along which an operand of `shape` was repeated. */
export function sumTo(x: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, x.shape);
  return tf.reshape(axes.length === 0 ? x : tf.sum(x, axes), shape);
}
