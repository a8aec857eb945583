import * as tf from "@tensorflow/tfjs-core";
import { withoutTape } from "../../tape.ts";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { Value } from "../value.ts";
import { elementPlaces, rowPlaces } from "./gathers.ts";
import { onHost, sizeOf } from "./onHost.ts";

/** `data` [rows, inner] with `updates` [count, inner] put or added at `rows`; of several for one row, the last is put. */
function scatter(context: OpContext, data: tf.Tensor, rows: tf.Tensor, updates: tf.Tensor): tf.Tensor {
  const reduction = context.attributes.text("reduction", "none");
  if (reduction !== "none" && reduction !== "add") throw context.unsupported("reduction none or add", reduction);
  const [count = 0, inner = 1] = data.shape;
  if (sizeOf(updates.shape) === 0) return tf.clone(data);
  if (data.dtype !== "float32") return scatterIntegers(context, data, rows, updates, reduction === "add");
  if (reduction === "add") return tf.add(data, tf.scatterND(column(rows), updates, [count, inner]));
  const places = Array.from(rows.dataSync(), Number);
  const last = new Map(places.map((row, i) => [row, i]));
  const kept = last.size === places.length ? updates : tf.gather(updates, tf.tensor1d([...last.values()], "int32"));
  const at = last.size === places.length ? column(rows) : tf.tensor2d([...last.keys()], [last.size, 1], "int32");
  const put = tf.scatterND(at, kept, [count, inner]);
  const written = withoutTape(() => {
    const mask = new Uint8Array(count);
    for (const row of places) mask[row] = 1;
    return tf.tile(tf.tensor2d(mask, [count, 1], "bool"), [1, inner]);
  });
  return tf.where(written, put, data);
}

function column(rows: tf.Tensor): tf.Tensor {
  return tf.cast(tf.reshape(rows, [-1, 1]), "int32");
}

function scatterIntegers(context: OpContext, data: tf.Tensor, rows: tf.Tensor, updates: tf.Tensor, add: boolean) {
  const [, inner = 1] = data.shape;
  return onHost(
    context.node.op,
    [data, rows, updates],
    (old = new Int32Array(), at = new Int32Array(), values = new Int32Array()) => {
      const result = old.slice();
      for (const [i, row] of Array.from(at, Number).entries()) {
        for (let k = 0; k < inner; k++) {
          const to = row * inner + k;
          result[to] = (values[i * inner + k] ?? 0) + (add ? (result[to] ?? 0) : 0);
        }
      }
      return { data: result, shape: data.shape, dtype: data.dtype === "bool" ? "bool" : "int32" };
    },
  );
}

function scatterNd(context: OpContext): Value {
  const [data, indices, updates] = [context.tensor(0), context.tensor(1), context.tensor(2)];
  const depth = indices.shape.at(-1) ?? 0;
  if (depth === 0 || depth > data.rank) throw context.unsupported(`indices of 1 to ${data.rank} axes`, `${depth}`);
  if (sizeOf(data.shape) === 0 || sizeOf(updates.shape) === 0) return Value.of(tf.clone(data));
  const inner = sizeOf(data.shape.slice(depth));
  const rows = rowPlaces(context, indices, data.shape, 0);
  const result = scatter(context, tf.reshape(data, [-1, inner]), rows, tf.reshape(updates, [-1, inner]));
  return Value.of(tf.reshape(result, data.shape));
}

function scatterElements(context: OpContext): Value {
  const [data, indices, updates] = [context.tensor(0), context.tensor(1), context.tensor(2)];
  const axis = context.axis(context.attributes.number("axis", 0), data.rank);
  if (sizeOf(data.shape) === 0 || sizeOf(updates.shape) === 0) return Value.of(tf.clone(data));
  const places = elementPlaces(context, indices, data.shape, axis);
  const result = scatter(context, tf.reshape(data, [-1, 1]), places, tf.reshape(updates, [-1, 1]));
  return Value.of(tf.reshape(result, data.shape));
}

export const scatterOperators: readonly OnnxOperator[] = [
  operator("ScatterND", scatterNd),
  operator("ScatterElements", scatterElements),
  // Its name before operator set 11.
  operator("Scatter", scatterElements),
];
