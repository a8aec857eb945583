import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../common/errors.ts";
import { firstOf, type Mask, OwnLayer, type Shape } from "./ownLayer.ts";

/** exp(x)/Σexp(x) over one axis or several. Positions that a mask leaves out get zero. */
export class Softmax extends OwnLayer {
  /** Where the model's head is looked for. */
  readonly axis: number | undefined;
  readonly #axes: readonly number[];

  constructor(name: string, axes: readonly number[]) {
    super(name, "Softmax");
    this.#axes = axes;
    this.axis = axes.length === 1 ? axes[0] : Number.NaN;
  }

  protected override compute(inputs: readonly tf.Tensor[], masks: readonly Mask[]): tf.Tensor {
    const x = firstOf(inputs);
    const axes = this.#axes.map((axis) => (axis + x.rank) % x.rank);
    const [mask] = masks;
    if (mask === undefined || mask === null) return softmaxOver(x, axes);
    if (!tf.util.arraysEqual(mask.shape, x.shape)) {
      throw new PathlightError(
        "model-unsupported-shape",
        `The mask does not fit the input of the layer ${this.name}.`,
        {
          expected: `a mask of shape [${x.shape.join(", ")}]`,
          found: `[${mask.shape.join(", ")}]`,
          whatToDo: "Put the softmax before the layer that masks.",
        },
      );
    }
    const present = tf.cast(mask, "float32");
    const shifted = tf.add(tf.mul(x, present), tf.mul(tf.sub(1, present), -1e9));
    return tf.mul(softmaxOver(shifted, axes), present);
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    return [firstOf(inputs)];
  }
}

/** Over any axes: tfjs has the last one only. */
export function softmaxOver(x: tf.Tensor, axes: readonly number[]): tf.Tensor {
  if (axes.length === 1 && axes[0] === x.rank - 1) return tf.softmax(x);
  // The shift by the largest value cancels out.
  const exponent = tf.exp(tf.sub(x, tf.max(x, [...axes], true)));
  return tf.div(exponent, tf.sum(exponent, [...axes], true));
}
