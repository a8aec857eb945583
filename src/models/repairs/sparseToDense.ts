import * as tf from "@tensorflow/tfjs-core";
import { gradient, savedTensor } from "./gradient.ts";
import { sumTo } from "./sumTo.ts";

/** SparseToDense, which has no gradient in tfjs: dy at the places that were written, and its sum over all others. */
export const sparseToDenseGradient = gradient(tf.SparseToDense, ["sparseIndices", "sparseValues"], (dy, saved) => {
  const [indices, values] = [savedTensor(saved, 0), savedTensor(saved, 1)];
  const places = tf.reshape(tf.cast(indices, "int32"), [-1, dy.rank]);
  const gathered = tf.gatherND(dy, places);
  return {
    sparseValues: () => sumTo(tf.reshape(gathered, gathered.shape), values.shape),
    defaultValue: () => tf.sub(tf.sum(dy), tf.sum(gathered)),
    sparseIndices: () => indices,
  };
});
