import * as tf from "@tensorflow/tfjs-core";
import { firstOf, type Mask, OwnLayer, type Shape } from "./ownLayer.ts";

/** Before and behind, for each axis behind the batch axis; below zero they are cut away. */
export type Margins = readonly (readonly [number, number])[];

/** Zeros around the values, or values cut away from the edges: ZeroPadding and Cropping in one, two and three dimensions. */
export class Pad extends OwnLayer {
  readonly #margins: Margins;

  constructor(name: string, kind: string, margins: Margins) {
    super(name, kind);
    this.#margins = margins;
  }

  protected override compute(inputs: readonly tf.Tensor[], _masks: readonly Mask[]): tf.Tensor {
    const x = firstOf(inputs);
    const grow = this.#margins.map(([before, behind]): [number, number] => [Math.max(0, before), Math.max(0, behind)]);
    const cut = this.#margins.map(([before, behind]) => [Math.max(0, -before), Math.max(0, -behind)] as const);
    const kept = tf.slice(
      x,
      [0, ...cut.map(([before]) => before)],
      x.shape.map((size, axis) => (axis === 0 ? size : size - (cut[axis - 1]?.[0] ?? 0) - (cut[axis - 1]?.[1] ?? 0))),
    );
    return grow.some(([before, behind]) => before + behind > 0) ? tf.pad(kept, [[0, 0], ...grow]) : kept;
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    return [
      firstOf(inputs).map((size, axis) => {
        const [before, behind] = this.#margins[axis - 1] ?? [0, 0];
        return size === null ? null : size + before + behind;
      }),
    ];
  }
}
