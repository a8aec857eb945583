import * as tf from "@tensorflow/tfjs-core";
import { notDifferentiable } from "./notDifferentiable.ts";
import type { KernelWrapper } from "./wrappedKernel.ts";

/** Dilation2D (grey-scale morphology) puts out wrong values on wasm. It is refused there rather than computed. */
export const dilation2dWrapper: KernelWrapper = {
  kernelName: tf.Dilation2D,
  backendName: "wasm",
  wrap: () => () => {
    throw notDifferentiable(undefined, "Dilation2D on WebAssembly");
  },
};
