import * as tf from "@tensorflow/tfjs-core";
import { gradient, savedTensor } from "./gradient.ts";

/**
 * GatherV2. tfjs misreads a negative axis and knows at most one batch axis. x is taken as [batch, outer, n, inner] and
 * rows of the same batch and outer index are summed by segment; the batch axes must come just before `axis`.
 */
export const gatherGradient = gradient(tf.GatherV2, ["x", "indices"], (dy, saved, attrs) => {
  const x = savedTensor(saved, 0);
  const indices = savedTensor(saved, 1);
  const axis = (Number(attrs["axis"]) + x.rank) % x.rank;
  const batchDims = Number(attrs["batchDims"] ?? 0);
  const product = (sizes: readonly number[]) => sizes.reduce((each, size) => each * size, 1);
  const batch = product(x.shape.slice(0, batchDims));
  const outer = product(x.shape.slice(batchDims, axis));
  const inner = product(x.shape.slice(axis + 1));
  const rows = x.shape[axis] ?? 1;
  const count = indices.size / batch;
  return {
    x: () => {
      // [batch, outer, count, inner] -> [batch·count, outer·inner]
      const values = tf.reshape(tf.transpose(tf.reshape(dy, [batch, outer, count, inner]), [0, 2, 1, 3]), [
        batch * count,
        outer * inner,
      ]);
      const offsets = tf.tensor2d(
        Array.from({ length: batch }, (_, i) => i * rows),
        [batch, 1],
        "int32",
      );
      const ids = tf.reshape<tf.Rank.R1>(tf.add(tf.reshape(tf.cast(indices, "int32"), [batch, count]), offsets), [-1]);
      const sums = tf.unsortedSegmentSum(values, tf.cast(ids, "int32"), batch * rows);
      return tf.reshape(tf.transpose(tf.reshape(sums, [batch, rows, outer, inner]), [0, 2, 1, 3]), x.shape);
    },
    // Never asked for with success: integers have no gradient, and the models' guard refuses a path through them.
    indices: () => indices,
  };
});
