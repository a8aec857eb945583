import * as tf from "@tensorflow/tfjs-core";
import { padAttribute, pairAttribute, roundingAttribute, tripleAttribute } from "./attributes.ts";
import type { HostTensor } from "./hostKernel.ts";

type Triple = readonly [number, number, number];

/** The windows of a pooling; 2-D ones have a depth of 1. */
export interface PoolWindows {
  readonly batch: number;
  readonly channels: number;
  readonly input: Triple;
  readonly output: Triple;
  readonly filter: Triple;
  readonly stride: Triple;
  readonly front: Triple;
}

/** From an input of [batch, height, width, channels] and the attributes of the kernel. */
export function poolWindows(x: Pick<HostTensor, "shape">, attrs: tf.NamedAttrMap): PoolWindows {
  const [batch = 1, height = 1, width = 1, channels = 1] = x.shape;
  const info = tf.backend_util.computePool2DInfo(
    [batch, height, width, channels],
    pairAttribute(attrs["filterSize"]),
    pairAttribute(attrs["strides"]),
    1,
    padAttribute(attrs["pad"]),
    roundingAttribute(attrs["dimRoundingMode"]),
  );
  return {
    batch,
    channels,
    input: [1, height, width],
    output: [1, info.outHeight, info.outWidth],
    filter: [1, info.filterHeight, info.filterWidth],
    stride: [1, info.strideHeight, info.strideWidth],
    front: [0, info.padInfo.top, info.padInfo.left],
  };
}

/** From an input of [batch, depth, height, width, channels]. */
export function poolWindows3d(x: Pick<HostTensor, "shape">, attrs: tf.NamedAttrMap): PoolWindows {
  const [batch = 1, depth = 1, height = 1, width = 1, channels = 1] = x.shape;
  const pad = attrs["pad"];
  const info = tf.backend_util.computePool3DInfo(
    [batch, depth, height, width, channels],
    tripleAttribute(attrs["filterSize"]),
    tripleAttribute(attrs["strides"]),
    1,
    typeof pad === "number" ? pad : pad === "same" ? "same" : "valid",
    roundingAttribute(attrs["dimRoundingMode"]),
  );
  return {
    batch,
    channels,
    input: [depth, height, width],
    output: [info.outDepth, info.outHeight, info.outWidth],
    filter: [info.filterDepth, info.filterHeight, info.filterWidth],
    stride: [info.strideDepth, info.strideHeight, info.strideWidth],
    front: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
  };
}

/** Calls back with the index of each output and of its window's maximum, −1 for a window outside the input. */
export function eachMaximum(x: HostTensor, windows: PoolWindows, found: (at: number, from: number) => void): void {
  const { batch, channels, input, output, filter, stride, front } = windows;
  const values = x.values;
  let at = 0;
  for (let b = 0; b < batch; b++) {
    for (let od = 0; od < output[0]; od++) {
      for (let oh = 0; oh < output[1]; oh++) {
        for (let ow = 0; ow < output[2]; ow++) {
          const [d0, d1] = span(od, 0);
          const [h0, h1] = span(oh, 1);
          const [w0, w1] = span(ow, 2);
          for (let c = 0; c < channels; c++, at++) {
            let best = Number.NEGATIVE_INFINITY;
            let from = -1;
            for (let d = d0; d < d1; d++) {
              for (let h = h0; h < h1; h++) {
                const row = ((b * input[0] + d) * input[1] + h) * input[2];
                for (let w = w0; w < w1; w++) {
                  const index = (row + w) * channels + c;
                  const value = values[index] ?? 0;
                  if (value > best || from < 0) {
                    best = value;
                    from = index;
                  }
                }
              }
            }
            found(at, from);
          }
        }
      }
    }
  }

  function span(out: number, axis: 0 | 1 | 2): [number, number] {
    const start = out * stride[axis] - front[axis];
    return [Math.max(0, start), Math.min(input[axis], start + filter[axis])];
  }
}
