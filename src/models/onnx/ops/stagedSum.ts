import * as tf from "@tensorflow/tfjs-core";

/** Up to here a plain loop of additions in float32 is as good as any. */
const plainLength = 32;

/**
 * Sum over axes, which stay as sides of 1. The kernels of WebAssembly and JavaScript add one value after the other, whose
 * rounding grows with the count: a variance as the difference of two such sums is noise where the input hardly varies,
 * and so is every gradient behind it. Here rows of about the square root of the count are added first, then their sums
 * (pairwise summation, Higham 1993, SIAM J. Sci. Comput. 14:783), which is what TensorFlow's own kernels come close to.
 */
export function stagedSum(x: tf.Tensor, axes: readonly number[]): tf.Tensor {
  const count = axes.reduce((product, axis) => product * (x.shape[axis] ?? 1), 1);
  if (tf.getBackend() === "tensorflow" || count <= plainLength) return tf.sum(x, [...axes], true);
  const others = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const order = [...others, ...axes];
  const inOrder = order.every((axis, place) => axis === place);
  const kept = x.shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
  const rows = kept.reduce((product, side) => product * side, 1);
  let sums = tf.reshape(inOrder ? x : tf.transpose(x, order), [rows, count]);
  for (let left = count; left > 1; left = sums.shape[1] ?? 1) {
    const width = rowWidth(left);
    sums = tf.reshape(tf.sum(tf.reshape(sums, [-1, width]), 1), [rows, left / width]);
  }
  return tf.reshape(sums, kept);
}

export function stagedMean(x: tf.Tensor, axes: readonly number[]): tf.Tensor {
  if (tf.getBackend() === "tensorflow") return tf.mean(x, [...axes], true);
  const count = axes.reduce((product, axis) => product * (x.shape[axis] ?? 1), 1);
  return tf.div(stagedSum(x, axes), count);
}

/** The largest divisor that is not above the square root; the whole count where it has none, or is short. */
function rowWidth(count: number): number {
  if (count <= plainLength) return count;
  for (let width = Math.floor(Math.sqrt(count)); width > 1; width--) if (count % width === 0) return width;
  return count;
}
