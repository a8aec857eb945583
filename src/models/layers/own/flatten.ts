import * as tf from "@tensorflow/tfjs-core";
import { firstOf, type Mask, OwnLayer, type Shape } from "./ownLayer.ts";

/** Every row as a vector, also one that is a vector or a number already, which tfjs refuses. */
export class Flatten extends OwnLayer {
  constructor(name: string) {
    super(name, "Flatten");
  }

  protected override compute(inputs: readonly tf.Tensor[], _masks: readonly Mask[]): tf.Tensor {
    const x = firstOf(inputs);
    const [batch = 1, ...rest] = x.shape;
    return tf.reshape(x, [batch, rest.reduce((product, size) => product * size, 1)]);
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    const [batch = null, ...rest] = firstOf(inputs);
    const size = rest.reduce<number | null>(
      (product, each) => (product === null || each === null ? null : product * each),
      1,
    );
    return [[batch, size]];
  }
}
