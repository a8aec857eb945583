import * as tf from "@tensorflow/tfjs-core";
import { notDifferentiable } from "./notDifferentiable.ts";

/**
 * The gradient of a backward kernel with respect to its dy, in which it is linear: dx = Jᵀ dy, so that the gradient is
 * J ddx. That is all a derivative along a direction needs (`src/engine/jvp.ts`); with respect to its other inputs, values
 * of the forward pass or a filter, the kernel is refused by name. `saved` holds the inputs named.
 */
export function transposed(
  kernelName: string,
  inputsToSave: string[],
  transpose: (ddx: tf.Tensor, saved: readonly tf.Tensor[], attrs: tf.NamedAttrMap) => tf.Tensor,
): tf.GradConfig {
  const refuse = (): tf.Tensor => {
    throw notDifferentiable(undefined, kernelName);
  };
  return {
    kernelName,
    inputsToSave,
    gradFunc: (ddx, saved, attrs) => {
      if (Array.isArray(ddx)) throw new Error(`Error in gradient of ${kernelName}: more than one output`);
      const others = ["x", "y", "input", "output", "filter"].map((name) => [name, refuse]);
      return { ...Object.fromEntries(others), dy: () => transpose(ddx, saved, attrs) };
    },
  };
}

/**
 * The transpose of adding every dy to one place: reads there. `from` holds for each entry of the result the place in x,
 * laid flat, or −1 for one that went nowhere.
 */
export function gatherFlat(x: tf.Tensor, from: Int32Array, shape: number[]): tf.Tensor {
  const places = tf.tensor1d(
    from.map((place) => Math.max(0, place)),
    "int32",
  );
  const found = tf.reshape(tf.gather(tf.reshape(x, [-1]), places), shape);
  if (!from.includes(-1)) return found;
  return tf.mul(
    found,
    tf.tensor(
      Float32Array.from(from, (place) => (place < 0 ? 0 : 1)),
      shape,
    ),
  );
}
