import * as tf from "@tensorflow/tfjs-core";
import { sizeOf } from "./onHost.ts";

/**
 * `x` repeated to `shape`, as NumPy broadcasts. Neighbouring axes that are repeated, and ones that are not, are taken as
 * one, so that kernels that know few axes do, and a side of 0 is allowed. Throws where the shapes do not fit.
 */
export function expandTo(x: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const fits = tf.broadcast_util.assertAndGetBroadcastShape(x.shape, [...shape]);
  if (fits.length !== shape.length || fits.some((side, axis) => side !== shape[axis])) {
    throw new Error(`[${x.shape.join(", ")}] cannot be repeated to [${shape.join(", ")}]`);
  }
  if (sizeOf(shape) === 0) return tf.zeros([...shape], x.dtype);
  const sizes: number[] = [];
  const repeats: number[] = [];
  for (const [axis, side] of shape.entries()) {
    const own = x.shape[axis - shape.length + x.rank] ?? 1;
    const repeat = own === side ? 1 : side;
    const last = sizes.length - 1;
    if (last >= 0 && (repeats[last] ?? 1) > 1 === repeat > 1) {
      sizes[last] = (sizes[last] ?? 1) * own;
      repeats[last] = (repeats[last] ?? 1) * repeat;
    } else {
      sizes.push(own);
      repeats.push(repeat);
    }
  }
  if (repeats.every((repeat) => repeat === 1)) return tf.reshape(x, [...shape]);
  return tf.reshape(tf.tile(tf.reshape(x, sizes), repeats), [...shape]);
}
