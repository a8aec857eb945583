import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { Value } from "../value.ts";
import { advance, onHost, rowSteps, sizeOf } from "./onHost.ts";

/** Indices that may count from the end, as ones from the front. Throws where there is no such entry. */
export function frontIndex(context: OpContext, index: number, side: number): number {
  const front = index < 0 ? index + side : index;
  if (front >= 0 && front < side) return front;
  throw context.unsupported(`indices from ${-side} to ${side - 1}`, `${index}`);
}

/** Rows of `x` [rows, …] by number: [count, …]. Of nothing, nothing. */
function rowsOf(x: tf.Tensor, rows: tf.Tensor, shape: readonly number[]): tf.Tensor {
  if (sizeOf(shape) === 0) return tf.zeros([...shape], x.dtype);
  return tf.reshape(tf.gather(x, tf.reshape<tf.Rank.R1>(rows, [-1])), [...shape]);
}

function gather(context: OpContext): Value {
  const [x, indices] = [context.tensor(0), context.tensor(1)];
  const axis = context.axis(context.attributes.number("axis", 0), x.rank);
  const side = x.shape[axis] ?? 1;
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  if (sizeOf(shape) === 0) return Value.of(tf.zeros(shape, x.dtype));
  const front = onHost("Gather", [indices], (data = new Int32Array()) => ({
    data: Int32Array.from(data, (index) => frontIndex(context, index, side)),
    shape: [indices.size],
    dtype: "int32",
  }));
  const folded = tf.reshape(x, [sizeOf(x.shape.slice(0, axis)), side, sizeOf(x.shape.slice(axis + 1))]);
  return Value.of(tf.reshape(tf.gather(folded, tf.cast(front, "int32"), 1), shape));
}

/** Where the entries that `indices` name along `axis` stand in the row order of `shape`. */
export function elementPlaces(
  context: OpContext,
  indices: tf.Tensor,
  shape: readonly number[],
  axis: number,
): tf.Tensor {
  const steps = rowSteps(shape);
  return onHost(context.node.op, [indices], (data = new Int32Array()) => {
    const at = indices.shape.map(() => 0);
    const places = Int32Array.from(data, (index) => {
      const front = frontIndex(context, index, shape[axis] ?? 1);
      let place = 0;
      for (const [each, step] of steps.entries()) place += (each === axis ? front : (at[each] ?? 0)) * step;
      advance(at, indices.shape);
      return place;
    });
    return { data: places, shape: [places.length], dtype: "int32" };
  });
}

function gatherElements(context: OpContext): Value {
  const [x, indices] = [context.tensor(0), context.tensor(1)];
  const axis = context.axis(context.attributes.number("axis", 0), x.rank);
  const places = elementPlaces(context, indices, x.shape, axis);
  return Value.of(rowsOf(tf.reshape(x, [-1]), places, indices.shape));
}

/** Numbers of the rows [batch…, named axes…] that the last axis of `indices` names. */
export function rowPlaces(context: OpContext, indices: tf.Tensor, shape: readonly number[], batch: number): tf.Tensor {
  const depth = indices.shape.at(-1) ?? 0;
  const named = shape.slice(batch, batch + depth);
  const steps = rowSteps(named);
  const perBatch = sizeOf(named);
  const count = indices.size / Math.max(depth, 1);
  const groups = sizeOf(shape.slice(0, batch));
  return onHost(context.node.op, [indices], (data = new Int32Array()) => {
    const rows = new Int32Array(depth === 0 ? 0 : count);
    for (let i = 0; i < rows.length; i++) {
      let row = Math.floor((i * groups) / rows.length) * perBatch;
      for (const [k, step] of steps.entries())
        row += frontIndex(context, data[i * depth + k] ?? 0, named[k] ?? 1) * step;
      rows[i] = row;
    }
    return { data: rows, shape: [rows.length], dtype: "int32" };
  });
}

function gatherNd(context: OpContext): Value {
  const [x, indices] = [context.tensor(0), context.tensor(1)];
  const batch = context.attributes.number("batch_dims", 0);
  const depth = indices.shape.at(-1) ?? 0;
  if (batch + depth > x.rank || depth === 0) {
    throw context.unsupported(`indices of 1 to ${x.rank - batch} axes`, `${depth}`);
  }
  const inner = x.shape.slice(batch + depth);
  const rows = rowPlaces(context, indices, x.shape, batch);
  const folded = tf.reshape(x, [sizeOf(x.shape.slice(0, batch + depth)), sizeOf(inner)]);
  return Value.of(rowsOf(folded, rows, [...indices.shape.slice(0, -1), ...inner]));
}

/** The entries along `axis`, or of all in a row, where the condition holds. */
function compress(context: OpContext): Value {
  const condition = context.numbers(1) ?? [];
  const given = context.attributes.has("axis") ? context.attributes.number("axis", 0) : undefined;
  const x = given === undefined ? tf.reshape(context.tensor(0), [-1]) : context.tensor(0);
  const axis = context.axis(given ?? 0, x.rank);
  const side = x.shape[axis] ?? 1;
  const kept = condition.slice(0, side).flatMap((holds, i) => (holds === 0 ? [] : [i]));
  const shape = x.shape.map((each, i) => (i === axis ? kept.length : each));
  if (sizeOf(shape) === 0) return Value.of(tf.zeros(shape, x.dtype));
  // Tied to the condition, through which no gradient may be lost.
  const rows = onHost("Compress", [context.tensor(1)], () => ({
    data: Int32Array.from(kept),
    shape: [kept.length],
    dtype: "int32",
  }));
  return Value.of(tf.gather(x, tf.cast(rows, "int32"), axis));
}

export const gatherOperators: readonly OnnxOperator[] = [
  operator("Gather", gather),
  operator("GatherElements", gatherElements),
  operator("GatherND", gatherNd),
  operator("Compress", compress, { shapeInputs: [1] }),
];
