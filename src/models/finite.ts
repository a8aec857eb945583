import type * as tf from "@tensorflow/tfjs-core";

/** Whether a tensor is free of NaN and infinity. Waits for the values: for error messages only. */
export function isFiniteTensor(tensor: tf.Tensor): boolean {
  if (tensor.dtype !== "float32") return true;
  return tensor.dataSync().every((value) => Number.isFinite(value));
}
