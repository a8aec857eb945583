import * as tf from "@tensorflow/tfjs-core";
import { rank4 } from "./attributes.ts";
import { padOrCropAll } from "./convolutionGradient.ts";

type Info = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

/**
 * The gradient of a convolution with respect to its filter, for where there is no kernel (wasm) or where it refuses
 * (dilated filters): a convolution of the padded input with dy, batch and channels exchanged, strides and dilations too.
 * [batch, height, width, inputs] and [batch, outHeight, outWidth, outputs] give [filterHeight, filterWidth, inputs, outputs].
 */
export function convolutionFilterGradient(x: tf.Tensor4D, dy: tf.Tensor, info: Info): tf.Tensor {
  const padded = tf.transpose(seenByFilter(x, info), [3, 1, 2, 0]);
  const { strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  const result = tf.conv2d(
    rank4(padded),
    rank4(tf.transpose(dy, [1, 2, 0, 3])),
    [dilationHeight, dilationWidth],
    "valid",
    "NHWC",
    [strideHeight, strideWidth],
  );
  return tf.transpose(result, [1, 2, 0, 3]);
}

/** The same for a depthwise convolution: [filterHeight, filterWidth, channels, multiplier]. One product for each place. */
export function depthwiseFilterGradient(x: tf.Tensor4D, dy: tf.Tensor, info: Info): tf.Tensor {
  const { filterHeight, filterWidth, inChannels: channels, batchSize, outHeight, outWidth } = info;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  const padded = seenByFilter(x, info);
  const multiplier = info.outChannels / channels;
  const dys = tf.reshape(dy, [batchSize, outHeight, outWidth, channels, multiplier]);
  const places: tf.Tensor[] = [];
  for (let row = 0; row < filterHeight; row++) {
    for (let column = 0; column < filterWidth; column++) {
      const [top, left] = [row * dilationHeight, column * dilationWidth];
      const seen = tf.stridedSlice(
        padded,
        [0, top, left, 0],
        [batchSize, top + (outHeight - 1) * strideHeight + 1, left + (outWidth - 1) * strideWidth + 1, channels],
        [1, strideHeight, strideWidth, 1],
      );
      places.push(tf.sum(tf.mul(tf.expandDims(seen, 4), dys), [0, 1, 2]));
    }
  }
  return tf.reshape(tf.stack(places), [filterHeight, filterWidth, channels, multiplier]);
}

/** The input with its padding, cut off behind the last place that the filter reads. */
function seenByFilter(x: tf.Tensor4D, info: Info): tf.Tensor {
  const length = (out: number, stride: number, filter: number, dilation: number) =>
    (out - 1) * stride + (filter - 1) * dilation + 1;
  const height = length(info.outHeight, info.strideHeight, info.filterHeight, info.dilationHeight);
  const width = length(info.outWidth, info.strideWidth, info.filterWidth, info.dilationWidth);
  const { top, left } = info.padInfo;
  return padOrCropAll(x, [
    [0, 0],
    [top, height - top - info.inHeight],
    [left, width - left - info.inWidth],
    [0, 0],
  ]);
}
