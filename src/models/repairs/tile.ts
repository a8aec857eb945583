import * as tf from "@tensorflow/tfjs-core";
import { gradient, savedTensor } from "./gradient.ts";

/** Tile. tfjs stops at rank 4 and adds one slice a repetition; this sums over the repetitions of each axis at once. */
export const tileGradient = gradient(tf.Tile, ["x"], (dy, saved, attrs) => {
  const { shape } = savedTensor(saved, 0);
  const reps: unknown = attrs["reps"];
  return {
    x: () =>
      shape.reduce((sum, size, axis) => {
        const repeats = Array.isArray(reps) ? Number(reps[axis]) : 1;
        if (repeats === 1) return sum;
        const outer = shape.slice(0, axis).reduce((product, each) => product * each, 1);
        const folded = tf.sum(tf.reshape(sum, [outer, repeats, -1]), 1);
        return tf.reshape(folded, [...shape.slice(0, axis), size, ...sum.shape.slice(axis + 1)]);
      }, dy),
  };
});
