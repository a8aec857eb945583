import * as tf from "@tensorflow/tfjs-core";
import { firstOf, type Mask, OwnLayer, type Shape } from "./ownLayer.ts";

/** Several inputs one after the other along an axis. */
export class Concatenate extends OwnLayer {
  readonly #axis: number;
  readonly #maskOperator: "and" | "or";

  /** `maskOperator`: along features Keras 2 keeps steps that all inputs keep, Keras 3 those that any keeps. */
  constructor(name: string, axis: number, maskOperator: "and" | "or") {
    super(name, "Concatenate");
    this.#axis = axis;
    this.#maskOperator = maskOperator;
    this.handsMaskOn = true;
  }

  override outputMask(inputs: readonly tf.Tensor[], masks: readonly Mask[]): Mask {
    if (masks.every((mask) => mask === null)) return null;
    const { rank } = firstOf(inputs);
    const axis = (this.#axis + rank) % rank;
    const all = inputs.map((input, i) => masks[i] ?? tf.ones(input.shape.slice(0, 2), "bool"));
    if (axis === rank - 1)
      return all.reduce((a, b) => (this.#maskOperator === "and" ? tf.logicalAnd(a, b) : tf.logicalOr(a, b)));
    return axis === 1 ? tf.concat(all, 1) : null;
  }

  protected override compute(inputs: readonly tf.Tensor[], _masks: readonly Mask[]): tf.Tensor {
    return tf.concat(
      inputs.map((input) => tf.cast(input, "float32")),
      this.#axis,
    );
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    const first = firstOf(inputs);
    const axis = (this.#axis + first.length) % first.length;
    const sizes = inputs.map((shape) => shape[axis] ?? null);
    const total = sizes.reduce((sum, size) => (sum === null || size === null ? null : sum + size), 0);
    return [first.map((size, each) => (each === axis ? total : size))];
  }
}
