import * as tf from "@tensorflow/tfjs-core";
import type { Activation } from "../layerFields.ts";
import {
  firstOf,
  type Initializer,
  knownSize,
  type LayerVariable,
  type Mask,
  OwnLayer,
  type Shape,
} from "./ownLayer.ts";

export interface EinsumDenseOptions {
  /** How many axes at the end of the input are contracted with as many at the start of the kernel. */
  readonly contracted: number;
  /** Sizes of the new axes, which replace them. */
  readonly outputs: readonly number[];
  /** Shape of the bias, without leading ones; undefined for none. */
  readonly bias: readonly number[] | undefined;
}

/** A dense layer over several axes: [..., C...] × [C..., N...] -> [..., N...] */
export class EinsumDense extends OwnLayer {
  activation: Activation;
  readonly #options: EinsumDenseOptions;
  readonly #initializer: Initializer;
  #kernel: LayerVariable | undefined;
  #bias: LayerVariable | undefined;

  constructor(name: string, options: EinsumDenseOptions, activation: Activation, initializer: Initializer) {
    super(name, "EinsumDense");
    this.#options = options;
    this.activation = activation;
    this.#initializer = initializer;
  }

  override build(inputShape: Shape): void {
    const { contracted, outputs, bias } = this.#options;
    const sizes = inputShape.slice(-contracted).map((_, i) => knownSize(this, inputShape, i - contracted));
    this.#kernel = this.parameter("kernel", [...sizes, ...outputs], this.#initializer);
    if (bias !== undefined) this.#bias = this.parameter("bias", bias, this.#initializer);
    this.built = true;
  }

  protected override compute(inputs: readonly tf.Tensor[], _masks: readonly Mask[]): tf.Tensor {
    const x = firstOf(inputs);
    const kernel = this.#kernel?.read();
    if (kernel === undefined) return tf.scalar(0);
    const { contracted, outputs } = this.#options;
    const free = x.shape.slice(0, -contracted);
    const width = x.shape.slice(-contracted).reduce((product, size) => product * size, 1);
    const product = tf.matMul(tf.reshape<tf.Rank.R2>(x, [-1, width]), tf.reshape<tf.Rank.R2>(kernel, [width, -1]));
    const shaped = tf.reshape(product, [...free, ...outputs]);
    return this.activation.apply(this.#bias === undefined ? shaped : tf.add(shaped, this.#bias.read()));
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    return [[...firstOf(inputs).slice(0, -this.#options.contracted), ...this.#options.outputs]];
  }
}
