import * as tf from "@tensorflow/tfjs-core";
import { asShapes, firstOf, type LayerVariable, type Mask, OwnLayer, type Shape } from "./ownLayer.ts";
import type { Recurrent } from "./recurrent.ts";

export type MergeMode = "concat" | "sum" | "ave" | "mul" | "none";

/** Two recurrent layers over the same sequence, one of them from its end; their outputs joined. */
export class Bidirectional extends OwnLayer {
  readonly #forward: Recurrent;
  readonly #backward: Recurrent;
  readonly #mode: MergeMode;

  constructor(name: string, forward: Recurrent, backward: Recurrent, mode: MergeMode) {
    super(name, "Bidirectional");
    this.#forward = forward;
    this.#backward = backward;
    this.#mode = mode;
    this.handsMaskOn = forward.options.returnSequences;
  }

  override build(inputShape: Shape | Shape[]): void {
    for (const layer of [this.#forward, this.#backward]) {
      layer.build(this.ownInputs(asShapes(inputShape)));
    }
    this.built = true;
  }

  override get trainableWeights(): LayerVariable[] {
    return [...this.#forward.trainableWeights, ...this.#backward.trainableWeights];
  }

  override set trainableWeights(_weights: LayerVariable[]) {
    // They belong to the two layers.
  }

  protected override compute(inputs: readonly tf.Tensor[], masks: readonly Mask[]): tf.Tensor | tf.Tensor[] {
    const [x, ...states] = inputs;
    if (x === undefined) return [];
    const half = states.length / 2;
    const run = (layer: Recurrent, own: tf.Tensor[]) => {
      const outputs = layer.call([x, ...own], { masks: [masks[0] ?? null] });
      return Array.isArray(outputs) ? outputs : [outputs];
    };
    const [there, ...thereStates] = run(this.#forward, states.slice(0, half));
    const [back, ...backStates] = run(this.#backward, states.slice(half));
    if (there === undefined || back === undefined) return [];
    const aligned = this.#forward.options.returnSequences ? tf.reverse(back, 1) : back;
    const merged = this.#merge(there, aligned);
    const outputs = [...merged, ...thereStates, ...backStates];
    return outputs.length === 1 ? firstOf(outputs) : outputs;
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    const shapesOf = (layer: Recurrent) => asShapes(layer.computeOutputShape([firstOf(inputs)]));
    const [there = [], ...thereStates] = shapesOf(this.#forward);
    const [back = [], ...backStates] = shapesOf(this.#backward);
    const width = this.#forward.options.units + this.#backward.options.units;
    const joined: Shape[] =
      this.#mode === "none"
        ? [there, back]
        : [[...there.slice(0, -1), this.#mode === "concat" ? width : (there.at(-1) ?? null)]];
    return [...joined, ...thereStates, ...backStates];
  }

  #merge(a: tf.Tensor, b: tf.Tensor): tf.Tensor[] {
    switch (this.#mode) {
      case "concat":
        return [tf.concat([a, b], -1)];
      case "sum":
        return [tf.add(a, b)];
      case "ave":
        return [tf.div(tf.add(a, b), 2)];
      case "mul":
        return [tf.mul(a, b)];
      case "none":
        return [a, b];
    }
  }
}
