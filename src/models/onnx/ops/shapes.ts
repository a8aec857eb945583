import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { checkSize } from "../sizeLimit.ts";
import { Value } from "../value.ts";
import { expandTo } from "./expandTo.ts";
import { sizeOf } from "./onHost.ts";

/** 0 keeps a side (unless `allowzero` is set), −1 takes what is left. */
function reshape(context: OpContext): Value {
  const x = context.tensor(0);
  const wanted = context.numbersOrAttribute(1, "shape") ?? [];
  const keepZero = context.attributes.flag("allowzero");
  const shape = wanted.map((side, axis) => (side === 0 && !keepZero ? (x.shape[axis] ?? 0) : side));
  const known = sizeOf(shape.filter((side) => side !== -1));
  // Of nothing, any number of times nothing is left; 0 is the only side that is sure to fit.
  return Value.of(tf.reshape(x, known === 0 ? shape.map((side) => (side === -1 ? 0 : side)) : shape));
}

function flatten(context: OpContext): Value {
  const x = context.tensor(0);
  const given = context.attributes.number("axis", 1);
  const axis = given < 0 ? given + x.rank : given;
  if (axis < 0 || axis > x.rank) throw context.unsupported(`an axis from ${-x.rank} to ${x.rank}`, `axis ${given}`);
  return Value.of(tf.reshape(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]));
}

function squeeze(context: OpContext): Value {
  const x = context.tensor(0);
  const given = context.numbersOrAttribute(1, "axes");
  const axes = given?.map((axis) => context.axis(axis, x.rank));
  const long = axes?.find((axis) => x.shape[axis] !== 1);
  if (long !== undefined) throw context.unsupported("sides of 1", `axis ${long} of [${x.shape.join(", ")}]`);
  const shape = x.shape.filter((side, axis) => (axes === undefined ? side !== 1 : !axes.includes(axis)));
  return Value.of(tf.reshape(x, shape));
}

function unsqueeze(context: OpContext): Value {
  const x = context.tensor(0);
  const given = context.numbersOrAttribute(1, "axes") ?? [];
  const rank = x.rank + given.length;
  const axes = new Set(given.map((axis) => context.axis(axis, rank)));
  if (axes.size !== given.length) throw context.unsupported("axes that differ", `axes ${given.join(", ")}`);
  const sides = x.shape.values();
  const shape = Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : (sides.next().value ?? 1)));
  return Value.of(tf.reshape(x, shape));
}

function transpose(context: OpContext): Value {
  const value = context.value(0);
  const rank = value.shape.length;
  const perm = context.attributes.numbers("perm") ?? value.shape.map((_, axis) => rank - 1 - axis);
  const last = value.shape.map((_, axis) => (axis === 0 ? 0 : axis === rank - 1 ? 1 : axis + 1));
  const first = value.shape.map((_, axis) => (axis === 0 ? 0 : axis === 1 ? rank - 1 : axis - 1));
  // Exporters write the turn between the two orders out; then the other order is the result as it stands.
  if (rank > 3 && value.prefersChannelsLast && same(perm, last)) return Value.of(tf.clone(value.channelsLast()));
  if (rank > 3 && !value.prefersChannelsLast && same(perm, first)) return Value.channelsLast(tf.clone(value.plain()));
  return Value.of(tf.transpose(value.plain(), [...perm]));
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}

function expand(context: OpContext): Value {
  const x = context.tensor(0);
  const shape = tf.broadcast_util.assertAndGetBroadcastShape(x.shape, [...(context.numbers(1) ?? [])]);
  checkSize(shape, context.node.name);
  return Value.of(expandTo(x, shape));
}

function tile(context: OpContext): Value {
  const x = context.tensor(0);
  const repeats = context.numbers(1) ?? [];
  if (repeats.length !== x.rank) throw context.unsupported(`${x.rank} repeats`, `${repeats.length}`);
  const shape = x.shape.map((side, axis) => side * (repeats[axis] ?? 1));
  checkSize(shape, context.node.name);
  if (sizeOf(shape) === 0) return Value.of(tf.zeros(shape, x.dtype));
  // A side of 1 before each is what is repeated: [a, b] -> [1, a, 1, b].
  const split = x.shape.flatMap((side) => [1, side]);
  const repeated = x.shape.flatMap((side, axis) => [repeats[axis] ?? 1, side]);
  return Value.of(tf.reshape(expandTo(tf.reshape(x, split), repeated), shape));
}

export const shapeOperators: readonly OnnxOperator[] = [
  operator("Reshape", reshape, { shapeInputs: [1] }),
  operator("Flatten", flatten),
  operator("Squeeze", squeeze, { shapeInputs: [1] }),
  operator("Unsqueeze", unsqueeze, { shapeInputs: [1] }),
  operator("Transpose", transpose),
  operator("Expand", expand, { shapeInputs: [1] }),
  operator("Tile", tile, { shapeInputs: [1] }),
];
