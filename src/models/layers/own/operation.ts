import type * as tf from "@tensorflow/tfjs-core";
import { type Mask, OwnLayer, type Shape } from "./ownLayer.ts";

/** A function of its inputs that a model calls as a node of its graph, without parameters. */
export class Operation extends OwnLayer {
  readonly #fn: (inputs: readonly tf.Tensor[]) => tf.Tensor;
  readonly #shape: Shape;

  constructor(name: string, kind: string, shape: Shape, fn: (inputs: readonly tf.Tensor[]) => tf.Tensor) {
    super(name, kind);
    this.#shape = shape;
    this.#fn = fn;
  }

  protected override compute(inputs: readonly tf.Tensor[], _masks: readonly Mask[]): tf.Tensor {
    return this.#fn(inputs);
  }

  protected override shapes(_inputs: readonly Shape[]): Shape[] {
    return [this.#shape];
  }
}
