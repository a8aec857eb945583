import type * as tf from "@tensorflow/tfjs-core";

/** How tfjs writes padding down: a rule, one number for all sides, or [before, after] for each of the four axes. */
export type Pad = Parameters<typeof tf.backend_util.computeConv2DInfo>[4];
export type RoundingMode = "floor" | "round" | "ceil" | undefined;
export type Shape4 = [number, number, number, number];
export type Shape5 = [number, number, number, number, number];

/** A number, or one for each spatial axis, as a list of `length`. */
export function listAttribute(value: unknown, length: number): number[] {
  if (typeof value === "number") return Array<number>(length).fill(value);
  const list = Array.isArray(value) ? value.filter((each) => typeof each === "number") : [];
  return Array.from({ length }, (_, i) => list[i] ?? list[0] ?? 1);
}

export function pairAttribute(value: unknown): [number, number] {
  const [a = 1, b = 1] = listAttribute(value, 2);
  return [a, b];
}

export function tripleAttribute(value: unknown): [number, number, number] {
  const [a = 1, b = 1, c = 1] = listAttribute(value, 3);
  return [a, b, c];
}

export function padAttribute(value: unknown): Pad {
  if (value === "valid" || value === "same" || typeof value === "number") return value;
  const sides = Array.isArray(value) ? value.map(pairOrZero) : [];
  const [batch = [0, 0], height = [0, 0], width = [0, 0], channels = [0, 0]] = sides;
  return [batch, height, width, channels];
}

function pairOrZero(value: unknown): [number, number] {
  if (!Array.isArray(value)) return [0, 0];
  const [before, after]: unknown[] = value;
  return [typeof before === "number" ? before : 0, typeof after === "number" ? after : 0];
}

export function roundingAttribute(value: unknown): RoundingMode {
  return value === "floor" || value === "round" || value === "ceil" ? value : undefined;
}

export function shape4(tensor: tf.TensorInfo): Shape4 {
  const [a = 1, b = 1, c = 1, d = 1] = tensor.shape;
  return [a, b, c, d];
}

export function shape5(tensor: tf.TensorInfo): Shape5 {
  const [a = 1, b = 1, c = 1, d = 1, e = 1] = tensor.shape;
  return [a, b, c, d, e];
}

/** The same tensor with its rank known; throws when it has another. */
export function rank4(tensor: tf.Tensor): tf.Tensor4D {
  if (!isRank4(tensor)) throw new Error(`Expected a tensor of rank 4, found shape [${tensor.shape.join(", ")}]`);
  return tensor;
}

export function rank5(tensor: tf.Tensor): tf.Tensor5D {
  if (!isRank5(tensor)) throw new Error(`Expected a tensor of rank 5, found shape [${tensor.shape.join(", ")}]`);
  return tensor;
}

function isRank4(tensor: tf.Tensor): tensor is tf.Tensor4D {
  return tensor.rank === 4;
}

function isRank5(tensor: tf.Tensor): tensor is tf.Tensor5D {
  return tensor.rank === 5;
}
