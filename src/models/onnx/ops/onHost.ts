import * as tf from "@tensorflow/tfjs-core";
import { notDifferentiable } from "../../repairs/notDifferentiable.ts";
import { isRecording } from "../../tape.ts";

export type HostNumbers = Float32Array | Int32Array | Uint8Array;

export interface HostResult {
  readonly data: HostNumbers;
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
}

/**
 * What is computed number by number in memory: integers, where the backends round, divide or overflow each in their own
 * way, and positions. The tape keeps the tie between inputs and result, so that a gradient that arrives is refused and
 * not lost. `op` names it then.
 */
export function onHost(
  op: string,
  inputs: readonly tf.Tensor[],
  compute: (...data: readonly HostNumbers[]) => HostResult,
): tf.Tensor {
  const make = () => {
    const { data, shape, dtype } = compute(...inputs.map(hostNumbers));
    return tf.tensor(data, [...shape], dtype);
  };
  if (!isRecording()) return make();
  const refuse = () => {
    throw notDifferentiable(undefined, op);
  };
  return tf.customGrad(() => ({ value: make(), gradFunc: refuse }))(...inputs);
}

function hostNumbers(tensor: tf.Tensor): HostNumbers {
  const data = tensor.dataSync();
  return data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array
    ? data
    : Float32Array.from(data, Number);
}

/** A function of integers or booleans place by place, with broadcasting; exact, and cut to 32 bits. */
export function integersOnHost(
  op: string,
  inputs: readonly tf.Tensor[],
  f: (...values: readonly number[]) => number,
  dtype: "int32" | "bool" = "int32",
): tf.Tensor {
  const shape = inputs.reduce<number[]>(
    (broadcast, { shape: next }) => tf.broadcast_util.assertAndGetBroadcastShape(broadcast, next),
    [],
  );
  return onHost(op, inputs, (...data) => {
    const size = sizeOf(shape);
    const places = inputs.map((input) => sourcePlaces(input.shape, shape));
    const result = dtype === "bool" ? new Uint8Array(size) : new Int32Array(size);
    for (let i = 0; i < size; i++) {
      result[i] = f(...data.map((values, k) => values[places[k]?.[i] ?? i] ?? 0));
    }
    return { data: result, shape, dtype };
  });
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Of each place in `shape`, where a value of shape `source` that is broadcast to it is read; none if they are equal. */
function sourcePlaces(source: readonly number[], shape: readonly number[]): Int32Array | undefined {
  if (source.length === shape.length && source.every((side, axis) => side === shape[axis])) return undefined;
  const lead = shape.length - source.length;
  const steps = rowSteps(source);
  const places = new Int32Array(sizeOf(shape));
  const at = shape.map(() => 0);
  for (let i = 0; i < places.length; i++) {
    let from = 0;
    for (const [axis, step] of steps.entries()) if (source[axis] !== 1) from += (at[axis + lead] ?? 0) * step;
    places[i] = from;
    advance(at, shape);
  }
  return places;
}

/** How far apart neighbours along each axis lie in memory. */
export function rowSteps(shape: readonly number[]): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** The next place in row order. */
export function advance(at: number[], shape: readonly number[]): void {
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const next = (at[axis] ?? 0) + 1;
    at[axis] = next === shape[axis] ? 0 : next;
    if (next !== shape[axis]) return;
  }
}
