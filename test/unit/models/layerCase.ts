import { sub, type Tensor } from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { type DifferenceOptions, spacedValues } from "./finiteDifferences.ts";

type Symbol = tfl.SymbolicTensor;
type Layer = { apply(input: Symbol | Symbol[]): unknown };

export interface LayerCase {
  readonly name: string;
  readonly model: () => tfl.LayersModel;
  readonly input: () => Tensor;
  readonly differences?: DifferenceOptions;
  /** False where tfjs's own forward pass is wrong and another test has the truth. */
  readonly comparable?: boolean;
}

export function symbol(value: unknown): Symbol {
  if (value instanceof tfl.SymbolicTensor) return value;
  throw new Error("a layer gave no symbolic tensor");
}

/** input → layers, one after the other. */
export function chain(shape: number[], create: () => Layer[]): () => tfl.LayersModel {
  return () => {
    const input = tfl.input({ shape });
    const output = create().reduce((value, layer) => symbol(layer.apply(value)), input);
    return tfl.model({ inputs: input, outputs: output });
  };
}

/** input → a dense layer and itself, joined by `join`. */
export function joined(shape: number[], join: () => Layer, units = shape.at(-1) ?? 1): () => tfl.LayersModel {
  return () => {
    const input = tfl.input({ shape });
    const other = symbol(tfl.layers.dense({ units, activation: "tanh" }).apply(input));
    return tfl.model({ inputs: input, outputs: symbol(join().apply([input, other])) });
  };
}

export const { layers } = tfl;
export const smooth: DifferenceOptions = { step: 3e-3 };
export const image = () => spacedValues([2, 8, 7, 2], 3, 0.02);
export const text = () => spacedValues([2, 5, 3], 4, 0.06);
export const flat = () => spacedValues([3, 6], 5, 0.2);
export const volume = () => spacedValues([1, 4, 4, 5, 2], 6, 0.04);
export const below = () => sub(spacedValues([1, 6, 6, 2], 8, 0.05), 4);

export function onImage(name: string, create: () => Layer[]): LayerCase {
  return { name, model: chain([8, 7, 2], create), input: image, differences: smooth };
}
export function onText(name: string, create: () => Layer[]): LayerCase {
  return { name, model: chain([5, 3], create), input: text, differences: smooth };
}
export function onFlat(name: string, create: () => Layer[]): LayerCase {
  return { name, model: chain([6], create), input: flat, differences: smooth };
}
export function onVolume(name: string, create: () => Layer[]): LayerCase {
  return { name, model: chain([4, 4, 5, 2], create), input: volume, differences: smooth };
}
