import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { computeType } from "../read/hostTensor.ts";
import { checkSize } from "../sizeLimit.ts";
import { Value } from "../value.ts";
import { expandTo } from "./expandTo.ts";
import { advance, onHost, sizeOf } from "./onHost.ts";

function range(context: OpContext): Value {
  const [start = 0, limit = 0, delta = 1] = [0, 1, 2].map((index) => context.numbers(index)?.[0]);
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  checkSize([count], context.node.name);
  const dtype = context.value(0).dtype === "float32" ? "float32" : "int32";
  const make = () => {
    const data = dtype === "float32" ? new Float32Array(count) : new Int32Array(count);
    for (let i = 0; i < count; i++) data[i] = start + i * delta;
    return { data, shape: [count], dtype } as const;
  };
  return Value.of(onHost("Range", [context.tensor(0), context.tensor(1), context.tensor(2)], make));
}

function constantOfShape(context: OpContext): Value {
  const shape = [...(context.numbers(0) ?? [])];
  checkSize(shape, context.node.name);
  const value = context.attributes.tensor("value");
  const dtype = value?.dtype ?? "float32";
  const [number = 0] = value?.data ?? [];
  const size = sizeOf(shape);
  const data =
    dtype === "float32" ? new Float32Array(size) : dtype === "bool" ? new Uint8Array(size) : new Int32Array(size);
  return Value.of(tf.tensor(data.fill(number), shape, dtype));
}

/** Ones on a diagonal, in the shape of the input. */
function eyeLike(context: OpContext): Value {
  const value = context.value(0);
  const [rows = 1, columns = 1] = value.shape;
  const offset = context.attributes.number("k", 0);
  const wanted = context.attributes.has("dtype") ? computeType(context.attributes.number("dtype", 1)) : undefined;
  const data = Float32Array.from({ length: rows * columns }, (_, i) =>
    (i % columns) - Math.floor(i / columns) === offset ? 1 : 0,
  );
  return Value.of(tf.tensor(data, [rows, columns], wanted ?? value.dtype));
}

/** `values` is [off, on]; an index out of range leaves its row off. */
function oneHot(context: OpContext): Value {
  const [indices, values] = [context.tensor(0), context.tensor(2)];
  const [depth = 0] = context.numbers(1) ?? [];
  const rank = indices.rank + 1;
  const axis = context.axis(context.attributes.number("axis", -1), rank);
  const shape = [...indices.shape.slice(0, axis), depth, ...indices.shape.slice(axis)];
  checkSize(shape, context.node.name);
  const inner = sizeOf(indices.shape.slice(axis));
  const [off = 0, on = 1] = context.numbers(2) ?? [];
  const integers = values.dtype !== "float32";
  const make = (zero: number, one: number, dtype: "int32" | "bool") =>
    onHost("OneHot", [indices], (data = new Int32Array()) => {
      const result = dtype === "bool" ? new Uint8Array(sizeOf(shape)) : new Int32Array(sizeOf(shape));
      result.fill(zero);
      for (const [i, index] of [...data].entries()) {
        const front = index < 0 ? index + depth : index;
        if (front < 0 || front >= depth) continue;
        result[(Math.floor(i / inner) * depth + Math.trunc(front)) * inner + (i % inner)] = one;
      }
      return { data: result, shape, dtype };
    });
  if (integers) return Value.of(make(off, on, values.dtype === "bool" ? "bool" : "int32"));
  const hot = tf.cast(make(0, 1, "int32"), "float32");
  const entry = (i: number) => tf.reshape(tf.slice(values, [i], [1]), []);
  return Value.of(tf.add(entry(0), tf.mul(hot, tf.sub(entry(1), entry(0)))));
}

/** Keeps the triangle on and above (or below) the k-th diagonal of the last two axes. */
function trilu(context: OpContext): Value {
  const x = context.tensor(0);
  const upper = context.attributes.flag("upper", true);
  const [k = 0] = context.numbers(1) ?? [];
  const [rows = 1, columns = 1] = x.shape.slice(-2);
  const mask = Uint8Array.from({ length: rows * columns }, (_, i) => {
    const diagonal = (i % columns) - Math.floor(i / columns);
    return (upper ? diagonal >= k : diagonal <= k) ? 1 : 0;
  });
  if (x.size === 0) return Value.of(tf.clone(x));
  if (x.dtype !== "float32") {
    const dtype = x.dtype === "bool" ? "bool" : "int32";
    const masked = (data = new Int32Array()) => data.map((each, i) => (mask[i % mask.length] === 1 ? each : 0));
    return Value.of(
      onHost("Trilu", [x], (data) => ({ data: masked(Int32Array.from(data ?? [])), shape: x.shape, dtype })),
    );
  }
  const kept = expandTo(tf.tensor2d(mask, [rows, columns], "bool"), x.shape);
  return Value.of(tf.where(kept, x, tf.zerosLike(x)));
}

/** [rank, count]: where the input is not 0, in row order. */
function nonZero(context: OpContext): Value {
  const x = context.tensor(0);
  return Value.of(
    onHost("NonZero", [x], (data = new Int32Array()) => {
      const found: number[][] = [];
      const at = x.shape.map(() => 0);
      for (const each of data) {
        if (each !== 0) found.push([...at]);
        advance(at, x.shape);
      }
      const rows = Int32Array.from(x.shape.flatMap((_, axis) => found.map((place) => place[axis] ?? 0)));
      return { data: rows, shape: [x.rank, found.length], dtype: "int32" };
    }),
  );
}

export const generatorOperators: readonly OnnxOperator[] = [
  operator("Range", range, { gradient: "integers", shapeInputs: [0, 1, 2] }),
  operator("ConstantOfShape", constantOfShape, { gradient: "integers", shapeInputs: [0] }),
  operator("EyeLike", eyeLike, { gradient: "integers", readsShapeOnly: true }),
  operator("OneHot", oneHot, { shapeInputs: [1] }),
  operator("Trilu", trilu),
  operator("NonZero", nonZero, { gradient: "integers", shapeInputs: [0] }),
];
