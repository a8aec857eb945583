import * as tf from "@tensorflow/tfjs-core";
import { Value } from "../value.ts";

/** A function of single values, in whichever order they are there. */
export function mapValue(value: Value, f: (tensor: tf.Tensor) => tf.Tensor): Value {
  return value.prefersChannelsLast ? Value.channelsLast(f(value.channelsLast())) : Value.of(f(value.plain()));
}

/** A function of several values place by place, with ONNX's broadcasting (NumPy's). */
export function broadcastValues(values: readonly Value[], f: (...tensors: tf.Tensor[]) => tf.Tensor): Value {
  const rank = Math.max(...values.map((value) => value.shape.length));
  const last = rank >= 3 && values.some((value) => value.prefersChannelsLast && value.shape.length === rank);
  if (!last) return Value.of(f(...values.map((value) => value.plain())));
  return Value.channelsLast(f(...values.map((value) => alignedLast(value, rank))));
}

/** With channels last and of the given rank, or a single number. */
function alignedLast(value: Value, rank: number): tf.Tensor {
  const { shape } = value;
  if (shape.length === rank) return value.channelsLast();
  if (shape.every((side) => side === 1)) return tf.reshape(value.plain(), []);
  return value.derived(`channels last of rank ${rank}`, (plain) => {
    const padded = [...Array<number>(rank - shape.length).fill(1), ...shape];
    const [batch = 1, channels = 1, ...spatial] = padded;
    // Only the axes before the last two are turned; where the value has none of them, the order stays.
    const turned = tf.transpose(tf.reshape(plain, padded), [0, ...spatial.map((_, i) => i + 2), 1]);
    return tf.reshape(turned, [batch, ...spatial, channels]);
  });
}

/** Where an axis stands once channels are last. */
export function axisLast(axis: number, rank: number): number {
  if (axis === 0) return 0;
  return axis === 1 ? rank - 1 : axis - 1;
}

/** The tensor in whichever order it is there; `axisOf` says where an axis of ONNX's is in it. */
export function inLayout(value: Value): tf.Tensor {
  return value.prefersChannelsLast ? value.channelsLast() : value.plain();
}

/** Place of an axis of ONNX's order, not negative, in `inLayout`. */
export function axisOf(value: Value, axis: number): number {
  return value.prefersChannelsLast ? axisLast(axis, value.shape.length) : axis;
}

/** What was made of `inLayout` of a value, with its axes where they were. */
export function fromLayout(value: Value, tensor: tf.Tensor): Value {
  return value.prefersChannelsLast ? Value.channelsLast(tensor) : Value.of(tensor);
}
