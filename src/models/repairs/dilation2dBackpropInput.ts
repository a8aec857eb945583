import * as tf from "@tensorflow/tfjs-core";
import { pairAttribute, shape4 } from "./attributes.ts";
import { savedTensor } from "./gradient.ts";
import { gatherFlat, transposed } from "./transposed.ts";

/**
 * Dilation2DBackpropInput. Each dy goes to the place where x + filter is largest in its window, the first of equal ones,
 * as in TensorFlow; the transpose reads there.
 */
export const dilation2dBackpropInputGradient = transposed(
  tf.Dilation2DBackpropInput,
  ["x", "filter"],
  (ddx, saved, attrs) => {
    const [x, filter] = [savedTensor(saved, 0), savedTensor(saved, 1)];
    const [filterHeight = 1, filterWidth = 1, channels = 1] = filter.shape;
    const info = tf.backend_util.computeDilation2DInfo(
      shape4(x),
      [filterHeight, filterWidth, channels],
      pairAttribute(attrs["strides"]),
      attrs["pad"] === "same" ? "same" : "valid",
      "NHWC",
      pairAttribute(attrs["dilations"]),
    );
    const [values, added] = [x.dataSync<"float32">(), filter.dataSync<"float32">()];
    const from = new Int32Array(info.batchSize * info.outHeight * info.outWidth * channels);
    let at = 0;
    for (let batch = 0; batch < info.batchSize; batch++) {
      for (let row = 0; row < info.outHeight; row++) {
        for (let column = 0; column < info.outWidth; column++) {
          for (let channel = 0; channel < channels; channel++) from[at++] = largest(batch, row, column, channel);
        }
      }
    }
    return gatherFlat(ddx, from, [info.batchSize, info.outHeight, info.outWidth, channels]);

    function largest(batch: number, row: number, column: number, channel: number): number {
      let best = Number.NEGATIVE_INFINITY;
      let place = -1;
      for (let k = 0; k < filterHeight * filterWidth; k++) {
        const h = row * info.strideHeight - info.padInfo.top + Math.floor(k / filterWidth) * info.dilationHeight;
        const w = column * info.strideWidth - info.padInfo.left + (k % filterWidth) * info.dilationWidth;
        if (h < 0 || w < 0 || h >= info.inHeight || w >= info.inWidth) continue;
        const here = ((batch * info.inHeight + h) * info.inWidth + w) * channels + channel;
        const value = Math.fround((values[here] ?? 0) + (added[k * channels + channel] ?? 0));
        if (value > best || place < 0) [best, place] = [value, here];
      }
      return place;
    }
  },
);
