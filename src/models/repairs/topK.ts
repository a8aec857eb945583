import * as tf from "@tensorflow/tfjs-core";
import { savedTensor } from "./gradient.ts";

/**
 * TopK, which has no gradient in tfjs. Each value was copied from where its index says, and goes back there: right
 * wherever no two values tie at the border. The indices are integers and have none.
 */
export const topKGradient: tf.GradConfig = {
  kernelName: tf.TopK,
  inputsToSave: ["x"],
  outputsToSave: [false, true],
  gradFunc: (dys, saved) => {
    const [x, indices] = [savedTensor(saved, 0), savedTensor(saved, 1)];
    const dy = Array.isArray(dys) ? dys[0] : dys;
    if (dy === undefined) throw new Error("Error in gradient of TopK: the values' part is missing");
    const size = x.shape.at(-1) ?? 1;
    const rows = x.size / size;
    const k = indices.shape.at(-1) ?? 1;
    return {
      x: () => {
        const starts = tf.tensor2d(
          Array.from({ length: rows }, (_, row) => row * size),
          [rows, 1],
          "int32",
        );
        const places = tf.cast(tf.add(tf.reshape(indices, [rows, k]), starts), "int32");
        const flat = tf.unsortedSegmentSum(tf.reshape(dy, [-1]), tf.reshape<tf.Rank.R1>(places, [-1]), x.size);
        return tf.reshape(flat, x.shape);
      },
    };
  },
};
