import * as tf from "@tensorflow/tfjs-core";
import { withoutTape } from "../../tape.ts";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { Value } from "../value.ts";
import { absolute } from "./absolute.ts";
import { axisLast, mapValue } from "./layout.ts";
import { advance, onHost, rowSteps, sizeOf } from "./onHost.ts";
import { stagedMean, stagedSum } from "./stagedSum.ts";

interface Reduction {
  /** Over `axes`, which stay as sides of 1. */
  readonly floats: (x: tf.Tensor, axes: number[]) => tf.Tensor;
  /** Of a single value, where no axis is left to reduce over. */
  readonly single?: (x: tf.Tensor) => tf.Tensor;
  /** What comes out over no values. */
  readonly empty: number;
  /** Left out where ONNX knows no integers or exporters write none. */
  readonly integers?: { readonly start: number; readonly step: (sum: number, x: number) => number };
  readonly finish?: (sum: number, count: number) => number;
}

function reduction(name: string, how: Reduction): OnnxOperator {
  return operator(name, (context) => reduce(context, name, how), { shapeInputs: [1] });
}

function reduce(context: OpContext, name: string, how: Reduction): Value {
  const value = context.value(0);
  const rank = value.shape.length;
  const keep = context.attributes.flag("keepdims", true);
  const given = context.numbersOrAttribute(1, "axes") ?? [];
  if (given.length === 0 && context.attributes.flag("noop_with_empty_axes")) {
    return mapValue(value, (x) => (how.single ?? tf.clone)(x));
  }
  const axes = given.length === 0 ? value.shape.map((_, axis) => axis) : given.map((axis) => context.axis(axis, rank));
  const kept = value.shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
  const shape = keep ? kept : value.shape.filter((_, axis) => !axes.includes(axis));
  if (value.dtype !== "float32") return Value.of(ofIntegers(context, name, how, axes, shape));
  if (sizeOf(value.shape) === 0) return Value.of(tf.fill(shape, how.empty));
  if (rank === 0) return Value.of((how.single ?? tf.clone)(value.plain()));
  // Where every axis behind the channels goes, batch and channels are in order already.
  const inOrder = keep || axes.includes(1) || kept.slice(2).every((side) => side === 1);
  if (!value.prefersChannelsLast || !inOrder) return Value.of(tf.reshape(how.floats(value.plain(), axes), shape));
  const last = axes.map((axis) => axisLast(axis, rank));
  const reduced = how.floats(value.channelsLast(), last);
  return keep ? Value.channelsLast(reduced) : Value.of(tf.reshape(reduced, shape));
}

function ofIntegers(
  context: OpContext,
  name: string,
  { integers, finish = (sum) => sum }: Reduction,
  axes: readonly number[],
  shape: readonly number[],
): tf.Tensor {
  const x = context.tensor(0);
  if (integers === undefined) throw context.unsupported("floating-point numbers", x.dtype);
  const { start, step } = integers;
  const dtype = x.dtype === "bool" ? "bool" : "int32";
  return onHost(name, [x], (data = new Int32Array()) => {
    const kept = x.shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
    const steps = rowSteps(kept);
    const sums = new Float64Array(sizeOf(kept)).fill(start);
    const at = x.shape.map(() => 0);
    for (const each of data) {
      const to = steps.reduce((sum, size, axis) => sum + (kept[axis] === 1 ? 0 : (at[axis] ?? 0) * size), 0);
      sums[to] = step(sums[to] ?? 0, each);
      advance(at, x.shape);
    }
    const count = sums.length === 0 ? 0 : x.size / sums.length;
    const result = sums.map((sum) => finish(sum, count));
    return { data: dtype === "bool" ? Uint8Array.from(result) : Int32Array.from(result), shape, dtype };
  });
}

/** √Σx², whose derivative is taken as 0 where all of it is 0, as PyTorch has it. */
function norm(x: tf.Tensor, axes: number[]): tf.Tensor {
  const sum = tf.sum(tf.square(x), axes, true);
  const zero = withoutTape(() => tf.cast(tf.equal(sum, 0), "float32"));
  return tf.mul(
    tf.sqrt(tf.add(sum, zero)),
    withoutTape(() => tf.sub(1, zero)),
  );
}

function logSumExp(x: tf.Tensor, axes: number[]): tf.Tensor {
  // What is subtracted cancels out, in the derivative too. Infinity would leave NaN behind.
  const most = withoutTape(() => {
    const max = tf.max(x, axes, true);
    return tf.where(tf.isFinite(max), max, tf.zerosLike(max));
  });
  return tf.add(tf.log(tf.sum(tf.exp(tf.sub(x, most)), axes, true)), most);
}

/** By halves: the derivative is exact where factors are 0, and no division is needed. */
function product(x: tf.Tensor, axes: number[]): tf.Tensor {
  const others = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const kept = x.shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
  let factors = tf.reshape(tf.transpose(x, [...others, ...axes]), [sizeOf(kept), -1]);
  for (let [rows = 1, count = 1] = factors.shape; count > 1; [rows = 1, count = 1] = factors.shape) {
    const half = Math.floor(count / 2);
    const pairs = tf.mul(tf.slice(factors, [0, 0], [rows, half]), tf.slice(factors, [0, half], [rows, half]));
    factors = count % 2 === 0 ? pairs : tf.concat([pairs, tf.slice(factors, [0, 2 * half], [rows, 1])], 1);
  }
  return tf.reshape(factors, kept);
}

const sum = { start: 0, step: (a: number, x: number) => a + x };

export const reductionOperators: readonly OnnxOperator[] = [
  reduction("ReduceSum", { floats: stagedSum, empty: 0, integers: sum }),
  reduction("ReduceMean", {
    floats: stagedMean,
    empty: Number.NaN,
    integers: sum,
    finish: (total, count) => Math.trunc(total / count),
  }),
  reduction("ReduceMax", {
    floats: (x, axes) => tf.max(x, axes, true),
    empty: Number.NEGATIVE_INFINITY,
    integers: { start: Number.NEGATIVE_INFINITY, step: Math.max },
  }),
  reduction("ReduceMin", {
    floats: (x, axes) => tf.min(x, axes, true),
    empty: Number.POSITIVE_INFINITY,
    integers: { start: Number.POSITIVE_INFINITY, step: Math.min },
  }),
  reduction("ReduceProd", { floats: product, empty: 1, integers: { start: 1, step: Math.imul } }),
  reduction("ReduceL1", {
    floats: (x, axes) => tf.sum(absolute(x), axes, true),
    single: absolute,
    empty: 0,
    integers: { start: 0, step: (a, x) => a + Math.abs(x) },
  }),
  reduction("ReduceL2", { floats: norm, single: absolute, empty: 0 }),
  reduction("ReduceSumSquare", {
    floats: (x, axes) => stagedSum(tf.square(x), axes),
    single: (x) => tf.square(x),
    empty: 0,
    integers: { start: 0, step: (a, x) => a + x * x },
  }),
  reduction("ReduceLogSum", {
    floats: (x, axes) => tf.log(tf.sum(x, axes, true)),
    single: (x) => tf.log(x),
    empty: Number.NEGATIVE_INFINITY,
  }),
  reduction("ReduceLogSumExp", { floats: logSumExp, empty: Number.NEGATIVE_INFINITY }),
];
