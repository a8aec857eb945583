import * as tf from "@tensorflow/tfjs-core";
import { firstOf, type Mask, OwnLayer, type Shape } from "./ownLayer.ts";

export type Interpolation = "nearest" | "bilinear";

/** How an axis is resampled: to a size, or by a whole factor. */
export interface ResampledAxis {
  readonly axis: number;
  readonly to: { readonly size: number } | { readonly factor: number };
}

/**
 * UpSampling and Resizing with half-pixel centres, as Keras does, an axis at a time as a product with a matrix
 * [size before, size after]: tfjs's own resizing differs between its backends, and knows no third axis.
 */
export class Resample extends OwnLayer {
  readonly #axes: readonly ResampledAxis[];
  readonly #interpolation: Interpolation;

  constructor(name: string, kind: string, axes: readonly ResampledAxis[], interpolation: Interpolation) {
    super(name, kind);
    this.#axes = axes;
    this.#interpolation = interpolation;
  }

  protected override compute(inputs: readonly tf.Tensor[], _masks: readonly Mask[]): tf.Tensor {
    const input: tf.Tensor = tf.cast(firstOf(inputs), "float32");
    return this.#axes.reduce((x, { axis, to }) => {
      const before = x.shape[axis] ?? 1;
      const after = "size" in to ? to.size : before * to.factor;
      return before === after ? tf.clone(x) : alongAxis(x, axis, matrix(before, after, this.#interpolation));
    }, input);
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    return [
      firstOf(inputs).map((size, axis) => {
        const to = this.#axes.find((each) => each.axis === axis)?.to;
        if (to === undefined) return size;
        if ("size" in to) return to.size;
        return size === null ? null : size * to.factor;
      }),
    ];
  }
}

/** [..., n, ...] × [n, m] -> [..., m, ...] */
function alongAxis(x: tf.Tensor, axis: number, kernel: tf.Tensor2D): tf.Tensor {
  const last = x.rank - 1;
  const order = x.shape.map((_, each) => (each === axis ? last : each === last ? axis : each));
  const turned = axis === last ? x : tf.transpose(x, order);
  const product = tf.matMul(tf.reshape<tf.Rank.R2>(turned, [-1, kernel.shape[0]]), kernel);
  const shaped = tf.reshape(product, [...turned.shape.slice(0, -1), kernel.shape[1]]);
  return axis === last ? shaped : tf.transpose(shaped, order);
}

/** How much of each value before goes into each after. */
function matrix(before: number, after: number, interpolation: Interpolation): tf.Tensor2D {
  const values = new Float32Array(before * after);
  const put = (from: number, to: number, share: number) => {
    const place = Math.min(before - 1, Math.max(0, from)) * after + to;
    values[place] = (values[place] ?? 0) + share;
  };
  for (let i = 0; i < after; i++) {
    const centre = ((i + 0.5) * before) / after;
    if (interpolation === "nearest") {
      put(Math.floor(centre), i, 1);
      continue;
    }
    const low = Math.floor(centre - 0.5);
    const share = centre - 0.5 - low;
    put(low, i, 1 - share);
    put(low + 1, i, share);
  }
  return tf.tensor2d(values, [before, after]);
}
