import * as tf from "@tensorflow/tfjs-core";

/** Of a single part tfjs hands over the gradient by itself, which its own gradient of Unpack takes for a list of them. */
export const unpackGradient: tf.GradConfig = {
  kernelName: tf.Unpack,
  gradFunc: (dy: tf.Tensor | tf.Tensor[], _saved, attrs) => ({
    value: () => tf.stack(Array.isArray(dy) ? dy : [dy], Number(attrs["axis"])),
  }),
};
