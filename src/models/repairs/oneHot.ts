import * as tf from "@tensorflow/tfjs-core";
import { isStorage } from "./hostKernel.ts";
import type { KernelWrapper } from "./wrappedKernel.ts";

/** OneHot of type float32 on wasm: the integer 1 is written where a float is read, so it stands for 1.4e-45. */
export const oneHotWrapper: KernelWrapper = {
  kernelName: tf.OneHot,
  backendName: "wasm",
  wrap: (original) => (params) => {
    const { inputs, attrs, backend } = params;
    const { indices } = inputs;
    if (indices === undefined || attrs?.["dtype"] !== "float32" || !isStorage(backend)) return original(params);
    const depth = Number(attrs["depth"]);
    const values = new Float32Array(indices.shape.reduce((product, size) => product * size, depth));
    values.fill(Number(attrs["offValue"]));
    Array.from(backend.readSync(indices.dataId), Number).forEach((index, i) => {
      if (index >= 0 && index < depth) values[i * depth + index] = Number(attrs["onValue"]);
    });
    const shape = [...indices.shape, depth];
    return { dataId: backend.write(values, shape, "float32"), shape, dtype: "float32" };
  },
};
