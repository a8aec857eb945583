import type * as tf from "@tensorflow/tfjs-core";
import { firstOf, type Mask, OwnLayer, type Shape } from "./ownLayer.ts";

/** A layer without parameters that computes each value, or row, of one input: the shape stays. */
export class ValueLayer extends OwnLayer {
  readonly #fn: (x: tf.Tensor) => tf.Tensor;

  constructor(name: string, kind: string, fn: (x: tf.Tensor) => tf.Tensor) {
    super(name, kind);
    this.#fn = fn;
  }

  protected override compute(inputs: readonly tf.Tensor[], _masks: readonly Mask[]): tf.Tensor {
    return this.#fn(firstOf(inputs));
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    return [firstOf(inputs)];
  }
}
