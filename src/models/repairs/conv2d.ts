import * as tf from "@tensorflow/tfjs-core";
import { padAttribute, pairAttribute, rank4, roundingAttribute } from "./attributes.ts";
import { convolutionFilterGradient } from "./convolutionFilter.ts";
import { spreadForTransposedConvolution } from "./convolutionGradient.ts";
import { gradient, savedTensor } from "./gradient.ts";

/**
 * Conv2D. tfjs refuses dilated convolutions in gradient mode, and on wasm its Conv2DBackpropInput is a plain loop,
 * several times slower than a forward convolution. The gradient with respect to the input is itself a convolution, of
 * the spread-out dy with the filter turned round: it runs on the fast kernel and is differentiable again.
 * Dumoulin, Visin: A guide to convolution arithmetic for deep learning (arXiv:1603.07285), section 4.
 */
export const conv2dGradient = gradient(tf.Conv2D, ["x", "filter"], (dy, saved, attrs) => {
  const x = rank4(savedTensor(saved, 0));
  const filter = rank4(savedTensor(saved, 1));
  const pad = padAttribute(attrs["pad"]);
  const strides = pairAttribute(attrs["strides"]);
  const dilations = pairAttribute(attrs["dilations"]);
  const dimRoundingMode = roundingAttribute(attrs["dimRoundingMode"]);
  if (attrs["dataFormat"] === "NCHW") throw new Error("Error in gradient of Conv2D: NCHW is not yet supported");
  const info = tf.backend_util.computeConv2DInfo(x.shape, filter.shape, strides, dilations, pad, dimRoundingMode);
  const dilated = info.dilationHeight > 1 || info.dilationWidth > 1;
  const pointwise = info.filterHeight * info.filterWidth * info.strideHeight * info.strideWidth === 1;
  const explicit = pad !== "same" && pad !== "valid";
  const native = tf.getBackend() === "tensorflow" && !explicit;

  const derX = (): tf.Tensor => {
    if (native && !dilated) {
      const inputs = { dy, filter };
      const attributes = { strides, pad, dataFormat: "NHWC", dimRoundingMode: "floor", inputShape: x.shape };
      return tf.engine().runKernel<tf.Tensor>(tf.Conv2DBackpropInput, inputs, attributes);
    }
    if (pointwise && !explicit) {
      const [, , inputs, outputs] = filter.shape;
      // Transposed on its own: wasm has a fast matrix product only for matrices that lie as they are.
      const turned = tf.transpose(tf.reshape<tf.Rank.R2>(filter, [inputs, outputs]));
      const flat = tf.matMul(tf.reshape(dy, [-1, outputs]), turned);
      return tf.reshape(flat, x.shape);
    }
    const spread = spreadForTransposedConvolution(
      dy,
      [info.inHeight, info.inWidth],
      [info.filterHeight, info.filterWidth],
      [info.strideHeight, info.strideWidth],
      [info.dilationHeight, info.dilationWidth],
      [info.padInfo.top, info.padInfo.left],
    );
    const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
    return tf.conv2d(rank4(spread), rank4(turned), 1, "valid", "NHWC", dilations);
  };
  const derFilter = (): tf.Tensor => {
    if (dilated || !native) return convolutionFilterGradient(x, dy, info);
    const attributes = { strides, pad, dataFormat: "NHWC", dimRoundingMode: "floor", filterShape: filter.shape };
    return tf.engine().runKernel<tf.Tensor>(tf.Conv2DBackpropFilter, { x, dy }, attributes);
  };
  return { x: derX, filter: derFilter };
});
