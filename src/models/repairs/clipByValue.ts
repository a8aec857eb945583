import * as tf from "@tensorflow/tfjs-core";
import { savedTensor } from "./gradient.ts";

/**
 * ClipByValue. Right in tfjs, by two comparisons and a logical and, which are slow on wasm and take a quarter of a
 * MobileNetV2 gradient. A value was left alone exactly where output and input are equal.
 */
export const clipByValueGradient: tf.GradConfig = {
  kernelName: tf.ClipByValue,
  inputsToSave: ["x"],
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    if (Array.isArray(dy)) throw new Error("Error in gradient of ClipByValue: more than one output");
    const inside = () => tf.equal(savedTensor(saved, 0), savedTensor(saved, 1));
    return { x: () => tf.where(inside(), dy, tf.zerosLike(dy)) };
  },
};
