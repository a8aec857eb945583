import * as tf from "@tensorflow/tfjs-core";
import { rank5, shape5, tripleAttribute } from "./attributes.ts";
import { spreadForTransposedConvolution } from "./convolutionGradient.ts";
import { gradient, savedTensor } from "./gradient.ts";
import { hostInput, hostKernel } from "./hostKernel.ts";

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

/** The forward op of a transposed convolution, which has no gradient in tfjs: linear in dy, the plain convolution. */
export const conv3dBackpropInputGradient = gradient(tf.Conv3DBackpropInputV2, ["filter"], (ddx, saved, attrs) => {
  const filter = rank5(savedTensor(saved, 0));
  const pad = attrs["pad"] === "same" ? "same" : "valid";
  return { dy: () => tf.conv3d(rank5(ddx), filter, tripleAttribute(attrs["strides"]), pad) };
});

/** Conv3DBackpropInputV2, which is wrong on wasm: every output of the convolution gives back to what it read. */
export const conv3dBackpropInputKernel = hostKernel(tf.Conv3DBackpropInputV2, "wasm", (inputs, attrs) => {
  const dy = hostInput(inputs, "dy");
  const filter = hostInput(inputs, "filter");
  const [batch = 1, depth = 1, height = 1, width = 1, channels = 1] = numbers(attrs["inputShape"]);
  const [fd = 1, fh = 1, fw = 1, , outputs = 1] = filter.shape;
  const strides = tripleAttribute(attrs["strides"]);
  const pad = attrs["pad"] === "same" ? "same" : "valid";
  const shape: [number, number, number, number, number] = [batch, depth, height, width, channels];
  const info = tf.backend_util.computeConv3DInfo(shape, [fd, fh, fw, channels, outputs], strides, 1, pad);
  const { front, top, left } = info.padInfo;
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  let at = 0;
  for (let b = 0; b < batch; b++) {
    for (let od = 0; od < info.outDepth; od++) {
      for (let oh = 0; oh < info.outHeight; oh++) {
        for (let ow = 0; ow < info.outWidth; ow++, at += outputs) {
          giveBack(b, od * strides[0] - front, oh * strides[1] - top, ow * strides[2] - left);
        }
      }
    }
  }
  return { values, shape };

  function giveBack(b: number, d0: number, h0: number, w0: number): void {
    for (let k = 0; k < fd * fh * fw; k++) {
      const [d, h, w] = [d0 + Math.floor(k / (fh * fw)), h0 + (Math.floor(k / fw) % fh), w0 + (k % fw)];
      if (d < 0 || h < 0 || w < 0 || d >= depth || h >= height || w >= width) continue;
      const to = (((b * depth + d) * height + h) * width + w) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let o = 0; o < outputs; o++) {
          sum += (dy.values[at + o] ?? 0) * (filter.values[(k * channels + c) * outputs + o] ?? 0);
        }
        values[to + c] = (values[to + c] ?? 0) + sum;
      }
    }
  }
});

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}
