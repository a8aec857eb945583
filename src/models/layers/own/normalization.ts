import * as tf from "@tensorflow/tfjs-core";
import {
  firstOf,
  type Initializer,
  knownSize,
  type LayerVariable,
  type Mask,
  OwnLayer,
  type Shape,
} from "./ownLayer.ts";

export interface NormalizationOptions {
  /** Axes with a mean and a variance each; none for one of both. */
  readonly axes: readonly number[];
  readonly invert: boolean;
  /** Those of the configuration; otherwise they were measured, and stand among the weights. */
  readonly given: { readonly mean: tf.TensorLike; readonly variance: tf.TensorLike } | undefined;
}

/** Keras divides by a standard deviation of at least this. */
const smallest = 1e-7;

/** (x − mean)/√variance, or back, with statistics of the training data. */
export class Normalization extends OwnLayer {
  readonly #options: NormalizationOptions;
  readonly #initializer: Initializer;
  #mean: LayerVariable | undefined;
  #variance: LayerVariable | undefined;

  constructor(name: string, options: NormalizationOptions, initializer: Initializer) {
    super(name, "Normalization");
    this.#options = options;
    this.#initializer = initializer;
  }

  override build(inputShape: Shape): void {
    if (this.#options.given === undefined) {
      const shape = this.#axes(inputShape.length).map((axis) => knownSize(this, inputShape, axis));
      this.#mean = this.parameter("mean", shape, this.#initializer, false);
      this.#variance = this.parameter("variance", shape, this.#initializer, false);
      // How many samples were measured: stored, and not used.
      this.parameter("count", [], this.#initializer, false);
    }
    this.built = true;
  }

  protected override compute(inputs: readonly tf.Tensor[], _masks: readonly Mask[]): tf.Tensor {
    const x = tf.cast(firstOf(inputs), "float32");
    const { given, invert } = this.#options;
    const mean = this.#aligned(this.#mean?.read() ?? tf.tensor(given?.mean ?? 0), x);
    const variance = this.#aligned(this.#variance?.read() ?? tf.tensor(given?.variance ?? 1), x);
    const deviation = tf.maximum(tf.sqrt(variance), smallest);
    return invert ? tf.add(mean, tf.mul(x, deviation)) : tf.div(tf.sub(x, mean), deviation);
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    return [firstOf(inputs)];
  }

  /** [kept axes] to the rank of x; what has that rank, or one value, fits as it is. */
  #aligned(statistic: tf.Tensor, x: tf.Tensor): tf.Tensor {
    if (statistic.size === 1) return tf.reshape(statistic, []);
    const axes = this.#axes(x.rank);
    return tf.reshape(
      statistic,
      x.shape.map((size, axis) => (axes.includes(axis) ? size : 1)),
    );
  }

  #axes(rank: number): number[] {
    return this.#options.axes.map((axis) => (axis + rank) % rank).sort((a, b) => a - b);
  }
}
