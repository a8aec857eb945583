import * as tf from "@tensorflow/tfjs-core";

/** Zeros before and after each spatial axis. */
export type Padding = readonly [number, number];

/**
 * The transpose of a strided slice of step `stride` along one axis: puts `stride − 1` zeros behind every entry.
 * [..., n, ...] becomes [..., n·stride, ...].
 */
export function insertZeros(x: tf.Tensor, axis: number, stride: number): tf.Tensor {
  if (stride === 1) return x;
  const { shape } = x;
  const outer = shape.slice(0, axis).reduce((product, size) => product * size, 1);
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const size = shape[axis] ?? 1;
  const padded = tf.pad(tf.reshape(x, [outer * size, inner]), [
    [0, 0],
    [0, inner * (stride - 1)],
  ]);
  return tf.reshape(padded, [...shape.slice(0, axis), size * stride, ...shape.slice(axis + 1)]);
}

/** Pads every axis with zeros, or crops it where the padding is negative. */
export function padOrCropAll(x: tf.Tensor, around: readonly Padding[]): tf.Tensor {
  const begin = around.map(([before]) => Math.max(0, -before));
  const size = around.map(([before, after], axis) => (x.shape[axis] ?? 1) - Math.max(0, -before) - Math.max(0, -after));
  const whole = begin.every((each) => each === 0) && size.every((each, axis) => each === x.shape[axis]);
  const inside = whole ? x : tf.slice(x, begin, size);
  const zeros = around.map(([before, after]): [number, number] => [Math.max(0, before), Math.max(0, after)]);
  return zeros.every(([before, after]) => before === 0 && after === 0) ? inside : tf.pad(inside, zeros);
}

/**
 * What the gradient of a convolution with respect to its input is a convolution of: dy with zeros between its entries
 * (strides) and around them. A `valid` convolution of this with the filter turned round, dilated as before, has the
 * input's size. `front` is the padding before each axis in the forward pass.
 */
export function spreadForTransposedConvolution(
  dy: tf.Tensor,
  inputSizes: readonly number[],
  filterSizes: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
  front: readonly number[],
): tf.Tensor {
  let spread = dy;
  const paddings = inputSizes.map((input, i): Padding => {
    const stride = strides[i] ?? 1;
    spread = insertZeros(spread, i + 1, stride);
    const reach = ((filterSizes[i] ?? 1) - 1) * (dilations[i] ?? 1);
    const before = reach - (front[i] ?? 0);
    return [before, input + reach - (spread.shape[i + 1] ?? 1) - before];
  });
  return padOrCropAll(spread, [[0, 0], ...paddings, [0, 0]]);
}
