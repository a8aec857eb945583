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
import { scaledByPower, standardized } from "./standardized.ts";

export interface LayerNormalizationOptions {
  readonly axes: readonly number[];
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  /** `rms`: Zhang and Sennrich 2019, without the mean. */
  readonly kind: "LayerNormalization" | "RMSNormalization";
}

/** Ba, Kiros and Hinton 2016: (x − mean)/√(variance + ε)·gamma + beta, mean and variance over the layer's axes. */
export class LayerNormalization extends OwnLayer {
  readonly #options: LayerNormalizationOptions;
  readonly #initializer: Initializer;
  #gamma: LayerVariable | undefined;
  #beta: LayerVariable | undefined;

  constructor(name: string, options: LayerNormalizationOptions, initializer: Initializer) {
    super(name, options.kind);
    this.#options = options;
    this.#initializer = initializer;
  }

  override build(inputShape: Shape): void {
    const shape = this.#axes(inputShape.length).map((axis) => knownSize(this, inputShape, axis));
    if (this.#options.scale) this.#gamma = this.parameter("gamma", shape, this.#initializer);
    if (this.#options.center) this.#beta = this.parameter("beta", shape, this.#initializer);
    this.built = true;
  }

  protected override compute(inputs: readonly tf.Tensor[], _masks: readonly Mask[]): tf.Tensor {
    const x = firstOf(inputs);
    const axes = this.#axes(x.rank);
    const { kind, epsilon } = this.#options;
    const normal = kind === "RMSNormalization" ? scaledByPower(x, x, axes, epsilon) : standardized(x, axes, epsilon);
    const shape = x.shape.map((size, axis) => (axes.includes(axis) ? size : 1));
    const scaled = this.#gamma === undefined ? normal : tf.mul(normal, tf.reshape(this.#gamma.read(), shape));
    return this.#beta === undefined ? scaled : tf.add(scaled, tf.reshape(this.#beta.read(), shape));
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    return [firstOf(inputs)];
  }

  #axes(rank: number): number[] {
    return this.#options.axes.map((axis) => (axis + rank) % rank).sort((a, b) => a - b);
  }
}
