import * as tf from "@tensorflow/tfjs-core";
import { gradient, savedTensor } from "./gradient.ts";

/** GatherNd and ScatterNd, which have no gradient in tfjs, are each other's transpose. */
export const gatherNdGradient = gradient(tf.GatherNd, ["params", "indices"], (dy, saved) => {
  const params = savedTensor(saved, 0);
  const indices = savedTensor(saved, 1);
  return { params: () => tf.scatterND(indices, dy, params.shape), indices: () => indices };
});

export const scatterNdGradient = gradient(tf.ScatterNd, ["indices"], (dy, saved) => {
  const indices = savedTensor(saved, 0);
  return { updates: () => tf.gatherND(dy, indices), indices: () => indices };
});
