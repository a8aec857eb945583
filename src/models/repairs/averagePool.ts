import * as tf from "@tensorflow/tfjs-core";
import { padAttribute, pairAttribute, roundingAttribute, shape4, shape5, tripleAttribute } from "./attributes.ts";
import { gradient, savedTensor } from "./gradient.ts";
import { transposed } from "./transposed.ts";

/**
 * AvgPool. Forward, a window at the edge is divided by the number of values in it; the gradient kernels of the
 * JavaScript and wasm backends divide by the window's full size. Scaling dy by full size over count puts it right.
 */
export const averagePoolGradient = gradient(tf.AvgPool, ["x"], (dy, saved, attrs) => {
  const x = savedTensor(saved, 0);
  const scaled = whereFullSize(dy, () => tf.mul(dy, edgeShares(x, attrs)));
  return { x: () => tf.engine().runKernel<tf.Tensor>(tf.AvgPoolGrad, { dy: scaled, input: x }, { ...attrs }) };
});

export const averagePool3dGradient = gradient(tf.AvgPool3D, ["x"], (dy, saved, attrs) => {
  const x = savedTensor(saved, 0);
  const scaled = whereFullSize(dy, () => tf.mul(dy, edgeShares3d(x, attrs)));
  return { x: () => tf.engine().runKernel<tf.Tensor>(tf.AvgPool3DGrad, { dy: scaled, input: x }, { ...attrs }) };
});

/** Their gradient kernels are linear in dy. The transpose is the pooling itself, divided as the kernel divides. */
export const averagePoolGradGradient = transposed(tf.AvgPoolGrad, ["input"], (ddx, saved, attrs) => {
  const pooled = tf.engine().runKernel<tf.Tensor>(tf.AvgPool, { x: ddx }, { ...attrs });
  return whereFullSize(pooled, () => tf.div(pooled, edgeShares(savedTensor(saved, 0), attrs)));
});

export const averagePool3dGradGradient = transposed(tf.AvgPool3DGrad, ["input"], (ddx, saved, attrs) => {
  const pooled = tf.engine().runKernel<tf.Tensor>(tf.AvgPool3D, { x: ddx }, { ...attrs });
  return whereFullSize(pooled, () => tf.div(pooled, edgeShares3d(savedTensor(saved, 0), attrs)));
});

/** Window size over the number of its entries that lie inside, for each window: [1, height, width, 1]. */
function edgeShares(x: tf.Tensor, attrs: tf.NamedAttrMap): tf.Tensor {
  const filterSize = pairAttribute(attrs["filterSize"]);
  const strides = pairAttribute(attrs["strides"]);
  const pad = padAttribute(attrs["pad"]);
  const mode = roundingAttribute(attrs["dimRoundingMode"]);
  const info = tf.backend_util.computePool2DInfo(shape4(x), filterSize, strides, 1, pad, mode);
  return tf.mul(
    edgeShare(info.inHeight, info.outHeight, info.filterHeight, info.strideHeight, info.padInfo.top, [1, -1, 1, 1]),
    edgeShare(info.inWidth, info.outWidth, info.filterWidth, info.strideWidth, info.padInfo.left, [1, 1, -1, 1]),
  );
}

/** The same in three dimensions: [1, depth, height, width, 1]. */
function edgeShares3d(x: tf.Tensor, attrs: tf.NamedAttrMap): tf.Tensor {
  const filterSize = tripleAttribute(attrs["filterSize"]);
  const strides = tripleAttribute(attrs["strides"]);
  const pad = attrs["pad"];
  const rule = typeof pad === "number" ? pad : pad === "same" ? "same" : "valid";
  const mode = roundingAttribute(attrs["dimRoundingMode"]);
  const info = tf.backend_util.computePool3DInfo(shape5(x), filterSize, strides, 1, rule, mode);
  const { padInfo } = info;
  return tf.mul(
    edgeShare(info.inDepth, info.outDepth, info.filterDepth, info.strideDepth, padInfo.front, [1, -1, 1, 1, 1]),
    tf.mul(
      edgeShare(info.inHeight, info.outHeight, info.filterHeight, info.strideHeight, padInfo.top, [1, 1, -1, 1, 1]),
      edgeShare(info.inWidth, info.outWidth, info.filterWidth, info.strideWidth, padInfo.left, [1, 1, 1, -1, 1]),
    ),
  );
}

/** What is needed for kernels that divide by a window's full size. TensorFlow's own ones divide as they should. */
function whereFullSize(otherwise: tf.Tensor, needed: () => tf.Tensor): tf.Tensor {
  return tf.getBackend() === "tensorflow" ? otherwise : needed();
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
