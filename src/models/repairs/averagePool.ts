import * as tf from "@tensorflow/tfjs-core";
import { padAttribute, pairAttribute, roundingAttribute, shape4, shape5, tripleAttribute } from "./attributes.ts";
import { gradient, savedTensor } from "./gradient.ts";

/**
 * AvgPool. Forward, a window at the edge is divided by the number of values in it; the gradient kernels of the
 * JavaScript and wasm backends divide by the window's full size. Scaling dy by full size over count puts it right.
 */
export const averagePoolGradient = gradient(tf.AvgPool, ["x"], (dy, saved, attrs) => {
  const x = savedTensor(saved, 0);
  const filterSize = pairAttribute(attrs["filterSize"]);
  const strides = pairAttribute(attrs["strides"]);
  const pad = padAttribute(attrs["pad"]);
  const mode = roundingAttribute(attrs["dimRoundingMode"]);
  const info = tf.backend_util.computePool2DInfo(shape4(x), filterSize, strides, 1, pad, mode);
  const share = tf.mul(
    edgeShare(info.inHeight, info.outHeight, info.filterHeight, info.strideHeight, info.padInfo.top, [1, -1, 1, 1]),
    edgeShare(info.inWidth, info.outWidth, info.filterWidth, info.strideWidth, info.padInfo.left, [1, 1, -1, 1]),
  );
  return {
    x: () => tf.engine().runKernel<tf.Tensor>(tf.AvgPoolGrad, { dy: scaled(dy, share), input: x }, { ...attrs }),
  };
});

export const averagePool3dGradient = gradient(tf.AvgPool3D, ["x"], (dy, saved, attrs) => {
  const x = savedTensor(saved, 0);
  const filterSize = tripleAttribute(attrs["filterSize"]);
  const strides = tripleAttribute(attrs["strides"]);
  const pad = attrs["pad"];
  const rule = typeof pad === "number" ? pad : pad === "same" ? "same" : "valid";
  const mode = roundingAttribute(attrs["dimRoundingMode"]);
  const info = tf.backend_util.computePool3DInfo(shape5(x), filterSize, strides, 1, rule, mode);
  const { padInfo } = info;
  const share = tf.mul(
    edgeShare(info.inDepth, info.outDepth, info.filterDepth, info.strideDepth, padInfo.front, [1, -1, 1, 1, 1]),
    tf.mul(
      edgeShare(info.inHeight, info.outHeight, info.filterHeight, info.strideHeight, padInfo.top, [1, 1, -1, 1, 1]),
      edgeShare(info.inWidth, info.outWidth, info.filterWidth, info.strideWidth, padInfo.left, [1, 1, 1, -1, 1]),
    ),
  );
  return {
    x: () => tf.engine().runKernel<tf.Tensor>(tf.AvgPool3DGrad, { dy: scaled(dy, share), input: x }, { ...attrs }),
  };
});

/** TensorFlow's own kernels are right. */
function scaled(dy: tf.Tensor, share: tf.Tensor): tf.Tensor {
  return tf.getBackend() === "tensorflow" ? dy : tf.mul(dy, share);
}

/** Window size over the number of its entries that lie inside, for each window along one axis. */
function edgeShare(
  input: number,
  output: number,
  filter: number,
  stride: number,
  front: number,
  shape: number[],
): tf.Tensor {
  const shares = Array.from({ length: output }, (_, i) => {
    const start = i * stride - front;
    return filter / Math.max(1, Math.min(start + filter, input) - Math.max(start, 0));
  });
  return tf.reshape(tf.tensor1d(shares), shape);
}
