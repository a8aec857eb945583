import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { checkSize } from "../sizeLimit.ts";
import type { Value } from "../value.ts";
import { axisOf, fromLayout, inLayout } from "./layout.ts";

/** Pad: adds to the ends of axes, or takes away where the number is negative. */
function pad(context: OpContext): Value {
  const x = context.value(0);
  const rank = x.shape.length;
  const around = paddings(context, rank);
  const shape = x.shape.map((side, axis) => side + (around[axis]?.[0] ?? 0) + (around[axis]?.[1] ?? 0));
  checkSize(shape, context.node.name);
  const tensor = inLayout(x);
  const ordered = tensor.shape.map((): readonly [number, number] => [0, 0]);
  around.forEach((each, axis) => {
    ordered[axisOf(x, axis)] = each;
  });
  const cropped = crop(tensor, ordered);
  const added = ordered.map(([before, after]): [number, number] => [Math.max(0, before), Math.max(0, after)]);
  const mode = context.attributes.text("mode", "constant");
  if (mode === "constant") {
    const value = context.numbersOrAttribute(2, "value")?.[0] ?? context.attributes.number("value", 0);
    return fromLayout(x, added.some(([a, b]) => a + b > 0) ? tf.pad(cropped, added, value) : tf.clone(cropped));
  }
  const source = sources[mode];
  if (source === undefined) throw context.unsupported("constant, reflect, edge or wrap", `mode ${mode}`);
  const padded = added.reduce((y, [before, after], axis) => {
    if (before === 0 && after === 0) return y;
    const side = y.shape[axis] ?? 1;
    if (side === 0) throw context.unsupported("an axis with values to repeat", "one without");
    const indices = Array.from({ length: before + side + after }, (_, i) => source(i - before, side));
    return tf.gather(y, tf.tensor1d(indices, "int32"), axis);
  }, cropped);
  return fromLayout(x, padded === cropped ? tf.clone(cropped) : padded);
}

/** Where a place outside of an axis takes its value from. */
const sources: Readonly<Record<string, (place: number, side: number) => number>> = {
  edge: (place, side) => Math.min(Math.max(place, 0), side - 1),
  wrap: (place, side) => modulo(place, side),
  reflect: (place, side) => {
    if (side === 1) return 0;
    const round = modulo(place, 2 * (side - 1));
    return round < side ? round : 2 * (side - 1) - round;
  },
};

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

/** [before, after] of each axis of the input, as ONNX has it. */
function paddings(context: OpContext, rank: number): (readonly [number, number])[] {
  const given = context.numbersOrAttribute(1, "pads") ?? context.attributes.numbers("paddings") ?? [];
  const axes = context.numbers(3) ?? Array.from({ length: rank }, (_, axis) => axis);
  if (given.length !== 2 * axes.length) {
    throw context.unsupported(`two paddings for each of ${axes.length} axes`, `${given.length} paddings`);
  }
  const around = Array.from({ length: rank }, (): readonly [number, number] => [0, 0]);
  axes.forEach((axis, i) => {
    around[context.axis(axis, rank)] = [given[i] ?? 0, given[i + axes.length] ?? 0];
  });
  return around;
}

function crop(x: tf.Tensor, around: readonly (readonly [number, number])[]): tf.Tensor {
  if (around.every(([before, after]) => before >= 0 && after >= 0)) return x;
  const begin = around.map(([before]) => Math.max(0, -before));
  const size = around.map(([, after], axis) => (x.shape[axis] ?? 1) - (begin[axis] ?? 0) - Math.max(0, -after));
  return tf.slice(x, begin, size);
}

export const padOperators: readonly OnnxOperator[] = [operator("Pad", pad, { shapeInputs: [1, 3] })];
