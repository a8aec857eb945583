import * as tf from "@tensorflow/tfjs-core";
import { pairAttribute, shape4 } from "./attributes.ts";
import type { KernelWrapper } from "./wrappedKernel.ts";

/**
 * Convolutions on wasm whose stride is larger than the filter, with `same` padding: the library behind them computes a
 * negative padding and the output stays empty. With the padding written out it is right.
 */
export const sameConvolutionWrappers: readonly KernelWrapper[] = [
  tf.Conv2D,
  tf.FusedConv2D,
  tf.DepthwiseConv2dNative,
  tf.FusedDepthwiseConv2D,
].map((kernelName) => ({
  kernelName,
  backendName: "wasm",
  wrap: (original) => (params) => {
    const { inputs, attrs } = params;
    const { x, filter } = inputs;
    if (x === undefined || filter === undefined || attrs?.["pad"] !== "same") return original(params);
    const strides = pairAttribute(attrs["strides"]);
    const [height, width] = shape4(filter);
    if (strides[0] <= height && strides[1] <= width) return original(params);
    const depthwise = kernelName === tf.DepthwiseConv2dNative || kernelName === tf.FusedDepthwiseConv2D;
    const info = tf.backend_util.computeConv2DInfo(shape4(x), shape4(filter), strides, 1, "same", undefined, depthwise);
    const { top, bottom, left, right } = info.padInfo;
    const pad = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    return original({ ...params, attrs: { ...attrs, pad } });
  },
}));
