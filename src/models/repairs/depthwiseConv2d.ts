import * as tf from "@tensorflow/tfjs-core";
import { padAttribute, pairAttribute, rank4, roundingAttribute } from "./attributes.ts";
import { depthwiseFilterGradient } from "./convolutionFilter.ts";
import { spreadForTransposedConvolution } from "./convolutionGradient.ts";
import { gradient, savedTensor } from "./gradient.ts";

/**
 * DepthwiseConv2dNative. wasm has no DepthwiseConv2dNativeBackpropInput, the one of the plain JavaScript backend is
 * slow, and dilated filters are refused. The gradient with respect to the input is a depthwise convolution of the
 * spread-out dy with the filter turned round; with m filters a channel, of m·channels channels, then summed over m.
 */
export const depthwiseConv2dGradient = gradient(tf.DepthwiseConv2dNative, ["x", "filter"], (dy, saved, attrs) => {
  const x = rank4(savedTensor(saved, 0));
  const filter = rank4(savedTensor(saved, 1));
  const pad = padAttribute(attrs["pad"]);
  const strides = pairAttribute(attrs["strides"]);
  const dilations = pairAttribute(attrs["dilations"]);
  const mode = roundingAttribute(attrs["dimRoundingMode"]);
  const info = tf.backend_util.computeConv2DInfo(x.shape, filter.shape, strides, dilations, pad, mode, true);
  const [height, width, channels, multiplier] = filter.shape;
  const dilated = info.dilationHeight > 1 || info.dilationWidth > 1;

  const derX = (): tf.Tensor => {
    if (tf.getBackend() === "tensorflow" && !dilated) {
      const attributes = { strides, pad, dimRoundingMode: "floor", dilations, inputShape: x.shape };
      return tf.engine().runKernel<tf.Tensor>(tf.DepthwiseConv2dNativeBackpropInput, { dy, filter }, attributes);
    }
    const spread = spreadForTransposedConvolution(
      dy,
      [info.inHeight, info.inWidth],
      [height, width],
      [info.strideHeight, info.strideWidth],
      [info.dilationHeight, info.dilationWidth],
      [info.padInfo.top, info.padInfo.left],
    );
    const turned = tf.reshape(tf.reverse(filter, [0, 1]), [height, width, channels * multiplier, 1]);
    const spreadOut = tf.depthwiseConv2d(rank4(spread), rank4(turned), 1, "valid", "NHWC", dilations);
    if (multiplier === 1) return spreadOut;
    return tf.sum(tf.reshape(spreadOut, [info.batchSize, info.inHeight, info.inWidth, channels, multiplier]), 4);
  };
  const derFilter = (): tf.Tensor => {
    if (dilated || tf.getBackend() !== "tensorflow") return depthwiseFilterGradient(x, dy, info);
    const attributes = { strides, pad, dimRoundingMode: "floor", dilations, filterShape: filter.shape };
    return tf.engine().runKernel<tf.Tensor>(tf.DepthwiseConv2dNativeBackpropFilter, { x, dy }, attributes);
  };
  return { x: derX, filter: derFilter };
});
