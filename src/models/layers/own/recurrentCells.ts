import * as tf from "@tensorflow/tfjs-core";
import type { Activation } from "../layerFields.ts";

export type RecurrentKind = "SimpleRNN" | "LSTM" | "GRU";

export interface CellWeights {
  /** [units, gates·units] */
  readonly recurrentKernel: tf.Tensor2D;
  /** [gates·units]: the bias of the recurrent product, which only a GRU with `resetAfter` has. */
  readonly recurrentBias: tf.Tensor | undefined;
}

export interface CellOptions {
  readonly units: number;
  readonly activation: Activation;
  readonly recurrentActivation: Activation;
  /** GRU: the reset gate is applied to the product of the state, and not to the state. */
  readonly resetAfter: boolean;
}

export const gatesOf: Readonly<Record<RecurrentKind, number>> = { SimpleRNN: 1, LSTM: 4, GRU: 3 };
export const statesOf: Readonly<Record<RecurrentKind, number>> = { SimpleRNN: 1, LSTM: 2, GRU: 1 };

/**
 * One step: from `x`, the input's product with the kernel plus bias, [batch, gates·units], and the states, the new ones.
 * The first state is also the output.
 */
export type Cell = (
  x: tf.Tensor,
  states: readonly tf.Tensor[],
  weights: CellWeights,
  options: CellOptions,
) => tf.Tensor[];

export const cells: Readonly<Record<RecurrentKind, Cell>> = { SimpleRNN: simple, LSTM: lstm, GRU: gru };

function simple(
  x: tf.Tensor,
  [h]: readonly tf.Tensor[],
  weights: CellWeights,
  { activation }: CellOptions,
): tf.Tensor[] {
  return [activation.apply(tf.add(x, product(h, weights.recurrentKernel)))];
}

/** Hochreiter and Schmidhuber 1997; gates i, f, c, o. */
function lstm(
  x: tf.Tensor,
  [h, c]: readonly tf.Tensor[],
  weights: CellWeights,
  { activation, recurrentActivation, units }: CellOptions,
): tf.Tensor[] {
  const z = tf.add(x, product(h, weights.recurrentKernel));
  const gate = (index: number) => columns(z, index * units, units);
  const kept = tf.mul(recurrentActivation.apply(gate(1)), c ?? 0);
  const carry = tf.add(kept, tf.mul(recurrentActivation.apply(gate(0)), activation.apply(gate(2))));
  return [tf.mul(recurrentActivation.apply(gate(3)), activation.apply(carry)), carry];
}

/** Cho et al. 2014; gates z, r, h. With `resetAfter` as in cuDNN. */
function gru(
  x: tf.Tensor,
  [h]: readonly tf.Tensor[],
  { recurrentKernel, recurrentBias }: CellWeights,
  { activation, recurrentActivation, resetAfter, units }: CellOptions,
): tf.Tensor[] {
  if (h === undefined) return [];
  const gate = (from: tf.Tensor, index: number) => columns(from, index * units, units);
  const kernel = resetAfter ? recurrentKernel : tf.slice2d(recurrentKernel, [0, 0], [units, 2 * units]);
  const plain = product(h, kernel);
  const inner = recurrentBias === undefined ? plain : tf.add(plain, recurrentBias);
  const update = recurrentActivation.apply(tf.add(gate(x, 0), gate(inner, 0)));
  const reset = recurrentActivation.apply(tf.add(gate(x, 1), gate(inner, 1)));
  const recalled = resetAfter
    ? tf.mul(reset, gate(inner, 2))
    : product(tf.mul(reset, h), tf.slice2d(recurrentKernel, [0, 2 * units], [units, units]));
  const candidate = activation.apply(tf.add(gate(x, 2), recalled));
  return [tf.add(tf.mul(update, h), tf.mul(tf.sub(1, update), candidate))];
}

function columns(z: tf.Tensor, start: number, count: number): tf.Tensor {
  return tf.slice(z, [0, start], [-1, count]);
}

function product(state: tf.Tensor | undefined, kernel: tf.Tensor2D): tf.Tensor {
  if (state === undefined) return tf.scalar(0);
  return tf.matMul(tf.reshape<tf.Rank.R2>(state, [-1, kernel.shape[0]]), kernel);
}
