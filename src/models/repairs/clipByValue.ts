import * as tf from "@tensorflow/tfjs-core";
import { savedTensor } from "./gradient.ts";

/**
 * ClipByValue. Right in tfjs, by comparisons of booleans, which are slow on wasm and take a quarter of a MobileNetV2
 * gradient. A value was left alone exactly where output and input are equal; at the bounds the gradient passes, as in
 * TensorFlow.
 */
export const clipByValueGradient: tf.GradConfig = {
  kernelName: tf.ClipByValue,
  inputsToSave: ["x"],
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    if (Array.isArray(dy)) throw new Error("Error in gradient of ClipByValue: more than one output");
    const [x, y] = [savedTensor(saved, 0), savedTensor(saved, 1)];
    if (tf.getBackend() !== "wasm") return { x: () => tf.where(tf.equal(x, y), dy, tf.zerosLike(dy)) };
    return { x: () => tf.mul(dy, tf.sub(1, tf.step(tf.abs(tf.sub(x, y))))) };
  },
};
