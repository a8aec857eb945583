import * as tf from "@tensorflow/tfjs-core";
import { asTensors } from "./composedKernel.ts";
import type { KernelWrapper } from "./wrappedKernel.ts";

/**
 * Step on tensorflow fills two tensors of the input's size in JavaScript and copies them over, at every rectifier of
 * every backward pass. The same by casting a comparison; NaN stays NaN. With a slope below 0 it is the original.
 */
export const stepWrapper: KernelWrapper = {
  kernelName: tf.Step,
  backendName: "tensorflow",
  wrap: (original) => (params) => {
    const { x } = asTensors(tf.Step, params.inputs);
    if (x === undefined || x.dtype !== "float32" || params.attrs?.["alpha"] !== 0) return original(params);
    return tf.tidy(() => tf.where(tf.isNaN(x), x, tf.cast(tf.greater(x, 0), "float32")));
  },
};
