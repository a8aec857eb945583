import * as tf from "@tensorflow/tfjs-core";
import { padAttribute, pairAttribute, rank4, roundingAttribute } from "./attributes.ts";
import { savedTensor } from "./gradient.ts";
import { transposed } from "./transposed.ts";

/** DepthwiseConv2dNativeBackpropInput, the transpose of a depthwise convolution, has that for its own transpose. */
export const depthwiseConv2dBackpropInputGradient = transposed(
  tf.DepthwiseConv2dNativeBackpropInput,
  ["filter"],
  (ddx, saved, attrs) => {
    const strides = pairAttribute(attrs["strides"]);
    const pad = padAttribute(attrs["pad"]);
    const dilations = pairAttribute(attrs["dilations"]);
    // A rule of rounding is allowed, and needed, beside padding in numbers only.
    const mode = typeof pad === "string" ? undefined : roundingAttribute(attrs["dimRoundingMode"]);
    const filter = rank4(savedTensor(saved, 0));
    return tf.depthwiseConv2d(rank4(ddx), filter, strides, pad, "NHWC", dilations, mode);
  },
);
