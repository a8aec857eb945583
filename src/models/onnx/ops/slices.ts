import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../common/errors.ts";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { Value } from "../value.ts";
import { axisLast } from "./layout.ts";
import { advance, type HostNumbers, type HostResult, onHost, rowSteps, sizeOf } from "./onHost.ts";

/** What is taken of one axis: `count` entries from `start` on, `step` apart. */
interface Range {
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

/** A function of one value and of its axes, in whichever order the value is there. */
function alongAxes(value: Value, f: (x: tf.Tensor, place: (axis: number) => number) => tf.Tensor): Value {
  const rank = value.shape.length;
  if (!value.prefersChannelsLast) return Value.of(f(value.plain(), (axis) => axis));
  return Value.channelsLast(f(value.channelsLast(), (axis) => axisLast(axis, rank)));
}

function slice(context: OpContext): Value {
  const value = context.value(0);
  const rank = value.shape.length;
  const older = context.version < 10;
  const starts = (older ? context.attributes.numbers("starts") : context.numbers(1)) ?? [];
  const ends = (older ? context.attributes.numbers("ends") : context.numbers(2)) ?? [];
  const axes = (older ? context.attributes.numbers("axes") : context.numbers(3)) ?? starts.map((_, axis) => axis);
  const steps = (older ? undefined : context.numbers(4)) ?? starts.map(() => 1);
  const ranges = new Map<number, Range>();
  for (const [i, given] of axes.entries()) {
    const axis = context.axis(given, rank);
    const [start = 0, end = 0, step = 1] = [starts[i], ends[i], steps[i]];
    if (step === 0) throw context.unsupported("a step other than 0", "step 0");
    ranges.set(axis, rangeOf(value.shape[axis] ?? 1, start, end, step));
  }
  return alongAxes(value, (x, place) =>
    takeRanges(x, new Map([...ranges].map(([axis, range]) => [place(axis), range]))),
  );
}

/** Ends may lie anywhere: INT_MAX, and INT_MIN for backwards, mean all the way. */
function rangeOf(side: number, start: number, end: number, step: number): Range {
  const [least, most] = step > 0 ? [0, side] : [-1, side - 1];
  const clamp = (at: number, low: number) => Math.min(most, Math.max(low, at < 0 ? at + side : at));
  const from = clamp(start, step > 0 ? 0 : Math.min(0, most));
  const count = Math.max(0, Math.ceil((clamp(end, least) - from) / step));
  return { start: from, count, step };
}

function takeRanges(x: tf.Tensor, ranges: ReadonlyMap<number, Range>): tf.Tensor {
  const shape = x.shape.map((side, axis) => ranges.get(axis)?.count ?? side);
  if (sizeOf(shape) === 0) return tf.zeros(shape, x.dtype);
  const plain = [...ranges.values()].every(({ step }) => step === 1);
  // On wasm, reverse writes past the end of booleans, and a slice with steps gives integers out as floats.
  if (!plain && x.dtype !== "float32") return onHost("Slice", [x], (data) => readRanges(x, data, ranges, shape));
  // First the block that holds what is wanted, then backwards where asked, then every n-th.
  const begin = x.shape.map((_, axis) => {
    const range = ranges.get(axis);
    if (range === undefined) return 0;
    return range.step > 0 ? range.start : range.start + (range.count - 1) * range.step;
  });
  const size = x.shape.map((side, axis) => {
    const range = ranges.get(axis);
    return range === undefined ? side : (range.count - 1) * Math.abs(range.step) + 1;
  });
  const whole = size.every((each, axis) => each === x.shape[axis]);
  let taken = whole ? tf.clone(x) : tf.slice(x, begin, size);
  const backwards = [...ranges].filter(([, { step, count }]) => step < 0 && count > 1).map(([axis]) => axis);
  if (backwards.length > 0) taken = tf.reverse(taken, backwards);
  const strides = x.shape.map((_, axis) => Math.abs(ranges.get(axis)?.step ?? 1));
  if (strides.every((stride, axis) => stride === 1 || size[axis] === 1)) return taken;
  return tf.stridedSlice(
    taken,
    strides.map(() => 0),
    size,
    strides,
  );
}

function readRanges(
  x: tf.Tensor,
  source: HostNumbers | undefined,
  ranges: ReadonlyMap<number, Range>,
  shape: readonly number[],
): HostResult {
  if (source === undefined) throw new PathlightError("internal", "There is nothing to slice.");
  const steps = rowSteps(x.shape);
  const data = source.slice(0, sizeOf(shape));
  const at = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    const from = steps.reduce((sum, size, axis) => {
      const { start, step } = ranges.get(axis) ?? { start: 0, step: 1 };
      return sum + (start + (at[axis] ?? 0) * step) * size;
    }, 0);
    data[i] = source[from] ?? 0;
    advance(at, shape);
  }
  return { data, shape, dtype: x.dtype === "bool" ? "bool" : "int32" };
}

/** Sizes are an attribute, an input, or equal, the last one smaller where that does not come out even. */
function split(context: OpContext): Value[] {
  const value = context.value(0);
  const rank = value.shape.length;
  const axis = context.axis(context.attributes.number("axis", 0), rank);
  const side = value.shape[axis] ?? 1;
  const parts = context.attributes.number("num_outputs", context.outputCount);
  const even = Math.ceil(side / parts);
  const sizes =
    context.numbersOrAttribute(1, "split") ??
    Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(even, side - i * even)));
  if (sizes.reduce((sum, size) => sum + size, 0) !== side) {
    throw context.unsupported(`parts that add up to ${side}`, sizes.join(" + "));
  }
  let start = 0;
  return sizes.map((count) => {
    const range = { start, count, step: 1 };
    start += count;
    return alongAxes(value, (x, place) => takeRanges(x, new Map([[place(axis), range]])));
  });
}

function concat(context: OpContext): Value {
  const values = context.values();
  const rank = context.value(0).shape.length;
  const axis = context.axis(context.attributes.number("axis", 1), rank);
  const filled = values.filter((value) => sizeOf(value.shape) > 0);
  const [first] = filled;
  if (first === undefined) {
    const side = values.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
    const shape = context.value(0).shape.map((each, i) => (i === axis ? side : each));
    return Value.of(tf.zeros(shape, context.value(0).dtype));
  }
  if (!filled.some((value) => value.prefersChannelsLast)) {
    return Value.of(
      tf.concat(
        filled.map((value) => value.plain()),
        axis,
      ),
    );
  }
  return Value.channelsLast(
    tf.concat(
      filled.map((value) => value.channelsLast()),
      axisLast(axis, rank),
    ),
  );
}

export const sliceOperators: readonly OnnxOperator[] = [
  operator("Slice", slice, { shapeInputs: [1, 2, 3, 4] }),
  operator("Split", split, { shapeInputs: [1] }),
  operator("Concat", concat),
];
