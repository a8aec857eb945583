import * as tf from "@tensorflow/tfjs-core";
import { broadcastShapes } from "./broadcastShapes.ts";
import { firstOf, type Mask, OwnLayer, type Shape } from "./ownLayer.ts";

export type MergeKind = "Add" | "Subtract" | "Multiply" | "Average" | "Maximum" | "Minimum";

/** Value by value over several inputs, with broadcasting. */
export class Merge extends OwnLayer {
  readonly #kind: MergeKind;
  readonly #maskOperator: "and" | "or";

  /** `maskOperator`: Keras 2 keeps what all masks keep, Keras 3 what any of them keeps. */
  constructor(name: string, kind: MergeKind, maskOperator: "and" | "or") {
    super(name, kind);
    this.#kind = kind;
    this.#maskOperator = maskOperator;
  }

  override outputMask(_inputs: readonly tf.Tensor[], masks: readonly Mask[]): Mask {
    const present = masks.filter((mask) => mask !== null);
    if (!this.handsMaskOn || present.length < masks.length) return null;
    return present.reduce((a, b) => (this.#maskOperator === "and" ? tf.logicalAnd(a, b) : tf.logicalOr(a, b)));
  }

  protected override compute(inputs: readonly tf.Tensor[], _masks: readonly Mask[]): tf.Tensor {
    const [first, ...rest] = padded(inputs.map((input) => tf.cast(input, "float32")));
    if (first === undefined) return firstOf(inputs);
    const merged = rest.reduce((a, b) => operators[this.#kind](a, b), first);
    return this.#kind === "Average" ? tf.div(merged, inputs.length) : rest.length === 0 ? tf.clone(merged) : merged;
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    return [inputs.reduce((a, b) => broadcastShapes(this, a, b))];
  }
}

const operators: Readonly<Record<MergeKind, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>> = {
  Add: tf.add,
  Subtract: tf.sub,
  Multiply: tf.mul,
  Average: tf.add,
  Maximum: tf.maximum,
  Minimum: tf.minimum,
};

/** Keras puts missing axes behind the batch axis, where NumPy would put them before it. */
function padded(inputs: readonly tf.Tensor[]): tf.Tensor[] {
  const rank = Math.max(...inputs.map((input) => input.rank));
  return inputs.map((input) => {
    if (input.rank === rank) return input;
    const [batch = 1, ...rest] = input.shape;
    return tf.reshape(input, [batch, ...new Array<number>(rank - input.rank).fill(1), ...rest]);
  });
}
