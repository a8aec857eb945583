import * as tf from "@tensorflow/tfjs-core";
import type { Layer } from "../layerFields.ts";
import { asShapes, firstOf, type LayerVariable, type Mask, OwnLayer, type Shape } from "./ownLayer.ts";

/** A layer or model for every step by itself: [batch, steps, ...] as [batch·steps, ...] through it. */
export class TimeDistributed extends OwnLayer {
  /** The layer inside, found by this name in tfjs's wrappers too. */
  readonly layer: Layer;

  constructor(name: string, layer: Layer) {
    super(name, "TimeDistributed");
    this.layer = layer;
    this.handsMaskOn = true;
  }

  override build(inputShape: Shape): void {
    if (!this.layer.built) this.layer.build(stepShape(inputShape));
    this.layer.built = true;
    this.built = true;
  }

  override get trainableWeights(): LayerVariable[] {
    return this.layer.trainableWeights;
  }

  override set trainableWeights(_weights: LayerVariable[]) {
    // They belong to the layer inside.
  }

  override get nonTrainableWeights(): LayerVariable[] {
    return this.layer.nonTrainableWeights;
  }

  override set nonTrainableWeights(_weights: LayerVariable[]) {
    // They belong to the layer inside.
  }

  protected override compute(inputs: readonly tf.Tensor[], _masks: readonly Mask[]): tf.Tensor {
    const x = firstOf(inputs);
    const [batch = 1, steps = 1, ...rest] = x.shape;
    const outputs = this.layer.call(tf.reshape(x, [batch * steps, ...rest]), { training: false });
    const output = Array.isArray(outputs) ? firstOf(outputs) : outputs;
    return tf.reshape(output, [batch, steps, ...output.shape.slice(1)]);
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    const input = firstOf(inputs);
    const [batch = null, ...rest] = firstOf(asShapes(this.layer.computeOutputShape(stepShape(input))));
    return [[batch, input[1] ?? null, ...rest]];
  }
}

function stepShape([batch = null, , ...rest]: Shape): Shape {
  return [batch, ...rest];
}
