import * as tf from "@tensorflow/tfjs-core";
import { withoutTape } from "../../tape.ts";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { Value } from "../value.ts";
import { onHost, sizeOf } from "./onHost.ts";

/** Lines along `axis`: how many values each has, and how far apart in memory they lie. */
function lines(shape: readonly number[], axis: number) {
  const side = shape[axis] ?? 1;
  const inner = sizeOf(shape.slice(axis + 1));
  return { side, inner, outer: sizeOf(shape.slice(0, axis)) };
}

/** `better(a, b)`: a goes before b. */
function argument(name: string, better: (a: number, b: number) => boolean): OnnxOperator {
  const run = (context: OpContext) => {
    const x = context.tensor(0);
    const axis = context.axis(context.attributes.number("axis", 0), x.rank);
    const last = context.attributes.flag("select_last_index");
    const { side, inner, outer } = lines(x.shape, axis);
    const kept = x.shape.map((each, i) => (i === axis ? 1 : each));
    const shape = context.attributes.flag("keepdims", true) ? kept : x.shape.filter((_, i) => i !== axis);
    return Value.of(
      onHost(name, [x], (data = new Float32Array()) => {
        const result = new Int32Array(outer * inner);
        for (let line = 0; line < result.length; line++) {
          const start = Math.floor(line / inner) * side * inner + (line % inner);
          let best = 0;
          for (let i = 1; i < side; i++) {
            const [now = 0, record = 0] = [data[start + i * inner], data[start + best * inner]];
            if (better(now, record) || (last && now === record)) best = i;
          }
          result[line] = best;
        }
        return { data: result, shape, dtype: "int32" };
      }),
    );
  };
  return operator(name, run, { gradient: "integers" });
}

/** The k largest (or smallest) along an axis and their indices; the gradient goes back to where they were taken from. */
function topK(context: OpContext): Value[] {
  const x = context.tensor(0);
  const axis = context.axis(context.attributes.number("axis", -1), x.rank);
  const [k = context.attributes.number("k", 1)] = context.numbers(1) ?? [];
  const largest = context.attributes.flag("largest", true);
  const { side, inner, outer } = lines(x.shape, axis);
  if (k < 0 || k > side) throw context.unsupported(`k up to ${side}`, `${k}`);
  const shape = x.shape.map((each, i) => (i === axis ? k : each));
  const find = (data: ArrayLike<number>, place: (start: number, index: number) => number) => {
    const result = new Int32Array(sizeOf(shape));
    for (let line = 0; line < outer * inner; line++) {
      const start = Math.floor(line / inner) * side * inner + (line % inner);
      const at = (index: number) => data[start + index * inner] ?? 0;
      const order = Array.from({ length: side }, (_, i) => i).sort((a, b) => (largest ? at(b) - at(a) : at(a) - at(b)));
      const to = Math.floor(line / inner) * k * inner + (line % inner);
      for (let i = 0; i < k; i++) result[to + i * inner] = place(start, order[i] ?? 0);
    }
    return result;
  };
  const indices = onHost("TopK", [x], (data = new Float32Array()) => ({
    data: find(data, (_, index) => index),
    shape,
    dtype: "int32",
  }));
  if (sizeOf(shape) === 0) return [Value.of(tf.zeros(shape, x.dtype)), Value.of(indices)];
  const places = withoutTape(() =>
    tf.tensor1d(
      find(x.dataSync<"float32">(), (start, index) => start + index * inner),
      "int32",
    ),
  );
  return [Value.of(tf.reshape(tf.gather(tf.reshape(x, [-1]), places), shape)), Value.of(indices)];
}

function cumSum(context: OpContext): Value {
  const x = context.tensor(0);
  const axis = context.axis(context.numbers(1)?.[0] ?? 0, x.rank);
  const exclusive = context.attributes.flag("exclusive");
  const reverse = context.attributes.flag("reverse");
  if (x.dtype === "float32" && x.size > 0) return Value.of(tf.cumsum(x, axis, exclusive, reverse));
  const { side, inner, outer } = lines(x.shape, axis);
  return Value.of(
    onHost("CumSum", [x], (data = new Int32Array()) => {
      const result = new Int32Array(x.size);
      for (let line = 0; line < outer * inner; line++) {
        const start = Math.floor(line / inner) * side * inner + (line % inner);
        let sum = 0;
        for (let i = 0; i < side; i++) {
          const at = start + (reverse ? side - 1 - i : i) * inner;
          const next = sum + (data[at] ?? 0);
          result[at] = exclusive ? sum : next;
          sum = next;
        }
      }
      return { data: result, shape: x.shape, dtype: x.dtype === "float32" ? "float32" : "int32" };
    }),
  );
}

export const selectionOperators: readonly OnnxOperator[] = [
  argument("ArgMax", (a, b) => a > b),
  argument("ArgMin", (a, b) => a < b),
  operator("TopK", topK, { shapeInputs: [1] }),
  operator("CumSum", cumSum),
];
