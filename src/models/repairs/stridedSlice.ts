import * as tf from "@tensorflow/tfjs-core";
import { insertZeros, padOrCropAll } from "./convolutionGradient.ts";
import { gradient, savedTensor } from "./gradient.ts";

/**
 * StridedSlice, which has no gradient in tfjs: dy goes back to the places it was read from. Along each axis the entries
 * are spread by the step, turned round where it is negative, and shifted to where the slice began.
 */
export const stridedSliceGradient = gradient(tf.StridedSlice, ["x"], (dy, saved, attrs) => {
  const { shape } = savedTensor(saved, 0);
  const info = sliceInfo(shape, attrs);
  const sizes = shape.map((_, axis) => {
    const extent = ((info.end[axis] ?? 0) - (info.begin[axis] ?? 0)) / (info.strides[axis] ?? 1);
    return Math.max(0, Math.ceil(extent));
  });
  return {
    x: () => {
      let spread = tf.reshape(dy, sizes);
      const paddings = shape.map((size, axis): [number, number] => {
        const stride = info.strides[axis] ?? 1;
        const begin = info.begin[axis] ?? 0;
        spread = insertZeros(spread, axis, Math.abs(stride));
        if (stride < 0) spread = tf.reverse(spread, axis);
        const length = spread.shape[axis] ?? 1;
        const start = stride < 0 ? begin + 1 - length : begin;
        return [start, size - start - length];
      });
      return padOrCropAll(spread, paddings);
    },
  };
});

export function sliceInfo(shape: number[], attrs: tf.NamedAttrMap): ReturnType<typeof tf.slice_util.sliceInfo> {
  const list = (name: string) => {
    const value: unknown = attrs[name];
    return Array.isArray(value) ? value.map(Number) : [];
  };
  const mask = (name: string) => Number(attrs[name] ?? 0);
  return tf.slice_util.sliceInfo(
    shape,
    list("begin"),
    list("end"),
    list("strides"),
    mask("beginMask"),
    mask("endMask"),
    mask("ellipsisMask"),
    mask("newAxisMask"),
    mask("shrinkAxisMask"),
  );
}
