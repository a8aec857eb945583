import * as tf from "@tensorflow/tfjs-core";
import { rank4, rank5 } from "../../../src/models/repairs/attributes.ts";
import { type DifferenceOptions, spacedValues } from "./finiteDifferences.ts";

export interface OpCase {
  readonly name: string;
  readonly f: (x: tf.Tensor) => tf.Tensor;
  readonly x: () => tf.Tensor;
  readonly differences?: DifferenceOptions;
  /** Backends whose own kernel does not take these arguments, so that even the forward pass throws. */
  readonly not?: readonly string[];
}

export function op(
  name: string,
  f: (x: tf.Tensor) => tf.Tensor,
  x: () => tf.Tensor,
  more: { differences?: DifferenceOptions; not?: readonly string[] } = {},
): OpCase {
  return { name, f, x, differences: { step: 3e-3, ...more.differences }, not: more.not ?? [] };
}

/** Values `gap` apart around `offset`, shuffled. */
export const values =
  (shape: number[], gap = 0.01, offset = 0, seed = 1) =>
  () =>
    tf.tidy(() => tf.add(spacedValues(shape, seed, gap), offset));
export const random = (shape: number[], seed = 5): tf.Tensor => tf.randomNormal(shape, 0, 0.5, "float32", seed);
export const filter = (shape: number[]): tf.Tensor4D => rank4(random(shape));
export const filter3d = (shape: number[]): tf.Tensor5D => rank5(random(shape));
export const ids = (list: number[], shape: number[] = [list.length]) => tf.tensor(list, shape, "int32");
export const fine = { differences: { step: 1e-3 } };
