import * as tf from "@tensorflow/tfjs-core";
import { padAttribute, pairAttribute, rank4, roundingAttribute } from "./attributes.ts";
import { convolutionFilterGradient } from "./convolutionFilter.ts";
import { gradient, savedTensor } from "./gradient.ts";

/**
 * Conv2DBackpropInput, the forward op of a transposed convolution. It is linear in dy, and its transpose the plain
 * convolution; the gradient of the filter needs a kernel that wasm lacks.
 */
export const conv2dBackpropInputGradient = gradient(tf.Conv2DBackpropInput, ["dy", "filter"], (ddx, saved, attrs) => {
  const dy = savedTensor(saved, 0);
  const filter = rank4(savedTensor(saved, 1));
  const x = rank4(ddx);
  const strides = pairAttribute(attrs["strides"]);
  const pad = padAttribute(attrs["pad"]);
  const mode = roundingAttribute(attrs["dimRoundingMode"]);
  const info = tf.backend_util.computeConv2DInfo(x.shape, filter.shape, strides, 1, pad, mode);
  return {
    // A rule of rounding is allowed, and needed, beside padding in numbers only.
    dy: () => tf.conv2d(x, filter, strides, pad, "NHWC", 1, typeof pad === "string" ? undefined : mode),
    filter: () => convolutionFilterGradient(x, dy, info),
  };
});
