import * as tf from "@tensorflow/tfjs-core";
import { rank5, shape5, tripleAttribute } from "./attributes.ts";
import { spreadForTransposedConvolution } from "./convolutionGradient.ts";
import { gradient, savedTensor } from "./gradient.ts";

/** Conv3D. Conv3DBackpropInputV2 is wrong on wasm. As for Conv2D: a convolution of the spread-out dy, filter turned round. */
export const conv3dGradient = gradient(tf.Conv3D, ["x", "filter"], (dy, saved, attrs) => {
  const x = rank5(savedTensor(saved, 0));
  const filter = rank5(savedTensor(saved, 1));
  const strides = tripleAttribute(attrs["strides"]);
  const dilations = tripleAttribute(attrs["dilations"]);
  const pad = attrs["pad"] === "same" ? "same" : "valid";
  const info = tf.backend_util.computeConv3DInfo(shape5(x), shape5(filter), strides, dilations, pad);
  const dilated = dilations.some((dilation) => dilation > 1);

  const derX = (): tf.Tensor => {
    if (tf.getBackend() === "tensorflow" && !dilated) {
      const attributes = { strides, pad, inputShape: x.shape };
      return tf.engine().runKernel<tf.Tensor>(tf.Conv3DBackpropInputV2, { dy, filter }, attributes);
    }
    const { padInfo } = info;
    const spread = spreadForTransposedConvolution(
      dy,
      [info.inDepth, info.inHeight, info.inWidth],
      [info.filterDepth, info.filterHeight, info.filterWidth],
      strides,
      dilations,
      [padInfo.front, padInfo.top, padInfo.left],
    );
    const turned = tf.transpose(tf.reverse(filter, [0, 1, 2]), [0, 1, 2, 4, 3]);
    return tf.conv3d(rank5(spread), rank5(turned), 1, "valid", "NDHWC", dilations);
  };
  const derFilter = (): tf.Tensor => {
    if (dilated) throw new Error("Error in gradient of Conv3D: dilated filters are not yet supported");
    const attributes = { strides, pad, filterShape: filter.shape };
    return tf.engine().runKernel<tf.Tensor>(tf.Conv3DBackpropFilterV2, { x, dy }, attributes);
  };
  return { x: derX, filter: derFilter };
});
