import * as tf from "@tensorflow/tfjs-core";
import { rank4 } from "../../repairs/attributes.ts";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { Value } from "../value.ts";
import { refuseRank } from "./convolution.ts";
import { stagedMean } from "./stagedSum.ts";
import {
  axesWithHeight,
  padForWindows,
  tap,
  type WindowAxis,
  windowAxes,
  withHeight,
  withoutHeight,
} from "./windows.ts";

type Kind = "max" | "avg";

function poolingAxes(context: OpContext): readonly WindowAxis[] {
  const [, , ...sizes] = context.value(0).shape;
  refuseRank(context, sizes.length);
  return windowAxes(context, sizes, context.attributes.numbers("kernel_shape") ?? []);
}

function maxPool(context: OpContext): Value {
  if ((context.node.outputs[1] ?? "") !== "") {
    throw context.unsupported("the maxima alone", "its second output, the places of the maxima, is used");
  }
  const axes = poolingAxes(context);
  return Value.channelsLast(pool(context.value(0).channelsLast(), axes, "max"));
}

function averagePool(context: OpContext): Value {
  const axes = poolingAxes(context);
  const mean = pool(context.value(0).channelsLast(), axes, "avg");
  return Value.channelsLast(overCounts(mean, axes, context.attributes.flag("count_include_pad")));
}

/** Maxima, or sums divided by the size of a full window. Pads x by itself: [batch, ...output, channels]. */
function pool(x: tf.Tensor, axes: readonly WindowAxis[], kind: Kind): tf.Tensor {
  const input = padForWindows(x, axes, kind === "max" ? Number.NEGATIVE_INFINITY : 0);
  if (axes.some(({ dilation }) => dilation > 1)) return poolByPlaces(input, axes, kind);
  const [first, ...plane] = axes;
  if (axes.length === 3 && first !== undefined) return poolDepth(poolPlanes(input, plane, kind), first, kind);
  const y = poolPlane(withHeight(input), axesWithHeight(axes), kind);
  return withoutHeight(y, x.rank);
}

/** x is [batch, height, width, channels] and padded. */
function poolPlane(x: tf.Tensor, axes: readonly WindowAxis[], kind: Kind): tf.Tensor {
  const [height, width] = axes;
  if (height === undefined || width === undefined) throw new Error("pooling of a plane has two spatial axes");
  const pool2d = kind === "max" ? tf.maxPool : tf.avgPool;
  return pool2d(rank4(x), [height.kernel, width.kernel], [height.stride, width.stride], "valid");
}

/**
 * Pooling in three dimensions is pooling of each plane, then along the depth: tfjs's own has a wrong gradient on the
 * JavaScript backend where the window's sides differ, and a slow one on wasm.
 */
function poolPlanes(x: tf.Tensor, plane: readonly WindowAxis[], kind: Kind): tf.Tensor {
  const [batch = 1, depth = 1, height = 1, width = 1, channels = 1] = x.shape;
  const y = poolPlane(tf.reshape(x, [batch * depth, height, width, channels]), plane, kind);
  return tf.reshape(y, [batch, depth, ...y.shape.slice(1)]);
}

function poolDepth(x: tf.Tensor, axis: WindowAxis, kind: Kind): tf.Tensor {
  const [batch = 1, depth = 1, height = 1, width = 1, channels = 1] = x.shape;
  const flat = tf.reshape(x, [batch, depth, height * width, channels]);
  const y = poolPlane(flat, [axis, still(height * width)], kind);
  return tf.reshape(y, [batch, axis.output, height, width, channels]);
}

/** Axis by axis, for dilated windows. */
function poolByPlaces(x: tf.Tensor, axes: readonly WindowAxis[], kind: Kind): tf.Tensor {
  return axes.reduce((pooled, axis, i) => {
    const along = axes.map((_, k): WindowAxis => (k === i ? axis : still(pooled.shape[k + 1] ?? 1)));
    const seen = Array.from({ length: axis.kernel }, (_, place) =>
      tap(
        pooled,
        along,
        axes.map((_, k) => (k === i ? place : 0)),
      ),
    );
    const [first = pooled, ...rest] = seen;
    if (kind === "max") return rest.reduce((most, each) => tf.maximum(most, each), first);
    return tf.div(
      rest.reduce((sum, each) => tf.add(sum, each), first),
      axis.kernel,
    );
  }, x);
}

/** An axis along which nothing is pooled. */
function still(size: number): WindowAxis {
  return { input: size, kernel: 1, stride: 1, dilation: 1, before: 0, after: 0, output: size };
}

/** Means over full windows become means over what counts in each: the input, and the padding too if it is included. */
function overCounts(mean: tf.Tensor, axes: readonly WindowAxis[], includePad: boolean): tf.Tensor {
  return axes.reduce((y, axis, i) => {
    const shares = Array.from({ length: axis.output }, (_, k) => axis.kernel / countIn(axis, k, includePad));
    if (shares.every((share) => share === 1)) return y;
    return tf.mul(
      y,
      tf.reshape(
        tf.tensor1d(shares),
        y.shape.map((_, k) => (k === i + 1 ? -1 : 1)),
      ),
    );
  }, mean);
}

function countIn(axis: WindowAxis, window: number, includePad: boolean): number {
  const start = window * axis.stride - axis.before;
  const low = includePad ? -axis.before : 0;
  const high = axis.input + (includePad ? axis.after : 0);
  let count = 0;
  for (let place = 0; place < axis.kernel; place++) {
    const at = start + place * axis.dilation;
    if (at >= low && at < high) count++;
  }
  return Math.max(1, count);
}

/** (Σ |x|^p)^(1/p) over each window. */
function lpPool(context: OpContext): Value {
  const axes = poolingAxes(context);
  const p = context.attributes.number("p", 2);
  const size = axes.reduce((product, { kernel }) => product * kernel, 1);
  const mean = pool(absolutePower(context.value(0).channelsLast(), p), axes, "avg");
  return Value.channelsLast(tf.pow(tf.mul(mean, size), 1 / p));
}

function absolutePower(x: tf.Tensor, p: number): tf.Tensor {
  if (p === 1) return tf.abs(x);
  return p === 2 ? tf.square(x) : tf.pow(tf.abs(x), p);
}

/** Over all spatial axes; channels last if the value is there that way, since that costs nothing. */
function globally(context: OpContext, f: (x: tf.Tensor, axes: number[]) => tf.Tensor): Value {
  const value = context.value(0);
  const last = value.prefersChannelsLast;
  const axes = value.shape.slice(2).map((_, i) => i + (last ? 1 : 2));
  if (axes.length === 0) throw context.unsupported("an input with spatial axes", `shape [${value.shape.join(", ")}]`);
  return last ? Value.channelsLast(f(value.channelsLast(), axes)) : Value.of(f(value.plain(), axes));
}

export const poolingOperators: readonly OnnxOperator[] = [
  operator("MaxPool", maxPool),
  operator("AveragePool", averagePool),
  operator("LpPool", lpPool),
  operator("GlobalAveragePool", (context) => globally(context, (x, axes) => stagedMean(x, axes))),
  operator("GlobalMaxPool", (context) => globally(context, (x, axes) => tf.max(x, axes, true))),
  operator("GlobalLpPool", (context) => {
    const p = context.attributes.number("p", 2);
    return globally(context, (x, axes) => tf.pow(tf.sum(absolutePower(x, p), axes, true), 1 / p));
  }),
];
