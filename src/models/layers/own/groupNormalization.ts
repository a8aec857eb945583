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
import { standardized } from "./standardized.ts";

export interface GroupNormalizationOptions {
  readonly groups: number;
  readonly axis: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
}

/** Wu and He 2018: mean and variance over all places and the channels of a group, gamma and beta by channel. */
export class GroupNormalization extends OwnLayer {
  readonly #options: GroupNormalizationOptions;
  readonly #initializer: Initializer;
  #gamma: LayerVariable | undefined;
  #beta: LayerVariable | undefined;

  constructor(name: string, options: GroupNormalizationOptions, initializer: Initializer) {
    super(name, "GroupNormalization");
    this.#options = options;
    this.#initializer = initializer;
  }

  override build(inputShape: Shape): void {
    const channels = knownSize(this, inputShape, this.#axis(inputShape.length));
    if (this.#options.scale) this.#gamma = this.parameter("gamma", [channels], this.#initializer);
    if (this.#options.center) this.#beta = this.parameter("beta", [channels], this.#initializer);
    this.built = true;
  }

  protected override compute(inputs: readonly tf.Tensor[], _masks: readonly Mask[]): tf.Tensor {
    const x = firstOf(inputs);
    const axis = this.#axis(x.rank);
    const channels = x.shape[axis] ?? 1;
    // Keras: -1 means a group for each channel.
    const groups = this.#options.groups === -1 ? channels : this.#options.groups;
    // [..., channels, ...] -> [..., groups, channels/groups, ...]
    const grouped = tf.reshape(x, [...x.shape.slice(0, axis), groups, channels / groups, ...x.shape.slice(axis + 1)]);
    const axes = grouped.shape.map((_, each) => each).filter((each) => each !== 0 && each !== axis);
    const normal = tf.reshape(standardized(grouped, axes, this.#options.epsilon), x.shape);
    const shape = x.shape.map((_, each) => (each === axis ? channels : 1));
    const scaled = this.#gamma === undefined ? normal : tf.mul(normal, tf.reshape(this.#gamma.read(), shape));
    return this.#beta === undefined ? scaled : tf.add(scaled, tf.reshape(this.#beta.read(), shape));
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    return [firstOf(inputs)];
  }

  #axis(rank: number): number {
    return (this.#options.axis + rank) % rank;
  }
}
