import * as tf from "@tensorflow/tfjs-core";
import { firstOf, type Mask, OwnLayer, type Shape } from "./ownLayer.ts";

export interface GlobalPoolingOptions {
  readonly kind: string;
  readonly operator: "mean" | "max";
  /** Axes that are taken together. */
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** The mean or the largest value over all places. The mean over steps leaves out those that are masked. */
export class GlobalPooling extends OwnLayer {
  readonly #options: GlobalPoolingOptions;

  constructor(name: string, options: GlobalPoolingOptions) {
    super(name, options.kind);
    this.#options = options;
  }

  protected override compute(inputs: readonly tf.Tensor[], masks: readonly Mask[]): tf.Tensor {
    const x = firstOf(inputs);
    const { kind, operator, keepDims } = this.#options;
    const axes = [...this.#options.axes];
    if (operator === "max") return tf.max(x, axes, keepDims);
    const [mask] = masks;
    if (kind !== "GlobalAveragePooling1D" || mask === undefined || mask === null) return tf.mean(x, axes, keepDims);
    const [steps = 1] = axes;
    const present = tf.expandDims(tf.cast(mask, "float32"), steps === 1 ? 2 : 1);
    return tf.div(tf.sum(tf.mul(x, present), axes, keepDims), tf.sum(present, axes, keepDims));
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    const { axes, keepDims } = this.#options;
    const shape = firstOf(inputs);
    return [
      keepDims
        ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
        : shape.filter((_, axis) => !axes.includes(axis)),
    ];
  }
}
