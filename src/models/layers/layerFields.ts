import type { Tensor } from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";

export type Layer = tfl.layers.Layer;

/** What layers keep in `activation`. */
export interface Activation {
  apply(tensor: Tensor, axis?: number): Tensor;
  getClassName(): string;
}

/** A field that the typings of tfjs-layers keep to themselves. */
export function layerField(layer: Layer, name: string): unknown {
  return Reflect.get(layer, name);
}

export function activationOf(layer: Layer): Activation | undefined {
  const value = layerField(layer, "activation");
  return isActivation(value) ? value : undefined;
}

/** The layer inside a wrapper such as TimeDistributed. */
export function wrappedLayer(layer: Layer, isLayer: (value: unknown) => value is Layer): Layer | undefined {
  const inner = layerField(layer, "layer");
  return isLayer(inner) ? inner : undefined;
}

function isActivation(value: unknown): value is Activation {
  return typeof value === "object" && value !== null && "apply" in value && "getClassName" in value;
}

/** Reads a weight by the last part of its name, for example `kernel`. */
export function weightOf(layer: Layer, name: string): Tensor | undefined {
  return layer.weights.find((weight) => weight.originalName.split("/").at(-1) === name)?.read();
}
