import * as tf from "@tensorflow/tfjs-core";
import { gradient, savedTensor } from "./gradient.ts";

/**
 * TensorScatterUpdate, which has no gradient in tfjs: what was overwritten has none, what was written has that of its
 * place. As in TensorFlow, indices that name a place twice are not looked for.
 */
export const tensorScatterUpdateGradient = gradient(tf.TensorScatterUpdate, ["indices", "updates"], (dy, saved) => {
  const [indices, updates] = [savedTensor(saved, 0), savedTensor(saved, 1)];
  return {
    tensor: () => tf.tensorScatterUpdate(dy, indices, tf.zeros(updates.shape)),
    updates: () => tf.gatherND(dy, tf.cast(indices, "int32")),
    indices: () => indices,
  };
});
