import type * as tf from "@tensorflow/tfjs-core";

type Gradients = Readonly<Record<string, () => tf.Tensor>>;

/**
 * A gradient for a kernel with one output. `saved` holds the inputs named, then the output if `saveOutput` is set.
 * The gradients are functions, so that one that nobody asks for costs nothing.
 */
export function gradient(
  kernelName: string,
  inputsToSave: string[],
  derive: (dy: tf.Tensor, saved: readonly tf.Tensor[], attrs: tf.NamedAttrMap) => Gradients,
): tf.GradConfig {
  return {
    kernelName,
    inputsToSave,
    gradFunc: (dy, saved, attrs) => {
      if (Array.isArray(dy)) throw new Error(`Error in gradient of ${kernelName}: more than one output`);
      return { ...derive(dy, saved, attrs) };
    },
  };
}

/** An entry of `saved`, which is there because the configuration names it. */
export function savedTensor(saved: readonly tf.Tensor[], index: number): tf.Tensor {
  const tensor = saved[index];
  if (tensor === undefined) throw new Error(`Error in gradient: saved tensor ${index} is missing`);
  return tensor;
}
