import * as tf from "@tensorflow/tfjs-core";
import { rank4 } from "../../repairs/attributes.ts";
import { padOrCropAll, spreadForTransposedConvolution } from "../../repairs/convolutionGradient.ts";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { checkSize } from "../sizeLimit.ts";
import { Value } from "../value.ts";
import { refuseRank, withBias } from "./convolution.ts";
import { convolve } from "./convolve.ts";
import { autoPad, padding, spatial, type WindowAxis, withHeight, withoutHeight } from "./windows.ts";

interface TransposedAxis {
  readonly input: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** What is cut off before. */
  readonly before: number;
  readonly output: number;
}

/** ConvTranspose: x [batch, channels, ...spatial], filter [channels, outputs / groups, ...kernel], bias [outputs]. */
function transposedConvolution(context: OpContext): Value {
  const x = context.value(0);
  const filter = context.value(1);
  const [batch = 1, channels = 1, ...sizes] = x.shape;
  const [inputs = 1, each = 1, ...kernel] = filter.shape;
  const groups = context.attributes.number("group", 1);
  refuseRank(context, sizes.length);
  if (kernel.length !== sizes.length || channels !== inputs || channels % groups !== 0) {
    throw context.unsupported(`${inputs} channels in ${groups} groups`, `${channels} channels`);
  }
  const axes = sizes.map((size, i) => transposedAxis(context, size, kernel[i] ?? 1, i));
  const output = axes.map((axis) => axis.output);
  const outputs = each * groups;
  checkSize([batch, outputs, ...output], context.node.name);
  const simple = axes.every(({ dilation }) => dilation === 1) && groups === 1 && sizes.length < 3;
  const strided = axes.some(({ stride }) => stride > 1);
  const y =
    tf.getBackend() === "tensorflow" && simple && strided && filter.isConstant
      ? native(x.channelsLast(), filter, axes)
      : spread(x.channelsLast(), filter, axes, groups);
  return Value.channelsLast(withBias(y, context.optional(2)));
}

function transposedAxis(context: OpContext, input: number, kernel: number, i: number): TransposedAxis {
  const stride = spatial(context, "strides")[i] ?? 1;
  const dilation = spatial(context, "dilations")[i] ?? 1;
  const more = spatial(context, "output_padding")[i] ?? 0;
  const shape = spatial(context, "output_shape");
  const axis = { input, kernel, stride, dilation };
  const full = (input - 1) * stride + (kernel - 1) * dilation + 1 + more;
  const rule = autoPad(context);
  const wanted = shape[shape.length - spatial(context, "kernel_shape").length + i] ?? shape[i];
  const same = rule === "SAME_UPPER" || rule === "SAME_LOWER";
  if (wanted !== undefined || same) {
    const output = wanted ?? input * stride;
    const total = Math.max(0, full - output);
    const before = rule === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2);
    return { ...axis, before, output };
  }
  const [before, after] = rule === "VALID" ? [0, 0] : padding(context, i);
  const output = full - before - after;
  if (output < 1) throw context.unsupported("an output of 1 and more along each axis", `${output}`);
  return { ...axis, before, output };
}

/** TensorFlow's own kernel skips the zeros between the entries. */
function native(x: tf.Tensor, filter: Value, axes: readonly TransposedAxis[]): tf.Tensor {
  const turned = filter.derived("transposed, last", (plain) => {
    const kernel = axes.map((_, i) => i + 2);
    const last = tf.transpose(plain, [...kernel, 1, 0]);
    return axes.length === 1 ? tf.reshape(last, [1, ...last.shape]) : last;
  });
  const wide = withHeight(x);
  const one: TransposedAxis = { input: 1, kernel: 1, stride: 1, dilation: 1, before: 0, output: 1 };
  const [height = one, width = one] = axes.length === 1 ? [one, ...axes] : axes;
  const full = (axis: TransposedAxis) => (axis.input - 1) * axis.stride + axis.kernel;
  const [batch = 1] = wide.shape;
  const shape: [number, number, number, number] = [batch, full(height), full(width), turned.shape[2] ?? 1];
  const y = tf.conv2dTranspose(rank4(wide), rank4(turned), shape, [height.stride, width.stride], "valid");
  const around = [height, width].map((axis): [number, number] => [
    -axis.before,
    axis.output - full(axis) + axis.before,
  ]);
  return withoutHeight(padOrCropAll(y, [[0, 0], ...around, [0, 0]]), x.rank);
}

/** A plain convolution, filter turned round, of the input with zeros put between and around its entries. */
function spread(x: tf.Tensor, filter: Value, axes: readonly TransposedAxis[], groups: number): tf.Tensor {
  const [channels = 1, each = 1, ...kernel] = filter.shape;
  const field = (of: (axis: TransposedAxis) => number) => axes.map(of);
  const input = spreadForTransposedConvolution(
    x,
    field(({ output }) => output),
    kernel,
    field(({ stride }) => stride),
    field(({ dilation }) => dilation),
    field(({ before }) => before),
  );
  const windows = axes.map(
    (axis, i): WindowAxis => ({ ...axis, input: input.shape[i + 1] ?? 1, stride: 1, before: 0, after: 0 }),
  );
  const shape = [each * groups, channels / groups, ...kernel];
  const read = (plain: tf.Tensor) => {
    // The kernel as one axis, turned round along all of its axes at once.
    const grouped = tf.reshape(plain, [groups, channels / groups, each, -1]);
    return tf.reshape(tf.reverse(tf.transpose(grouped, [0, 2, 1, 3]), 3), shape);
  };
  return convolve(input, { value: filter, key: `turned, ${groups}`, read, shape, groups }, windows);
}

export const transposedConvolutionOperators: readonly OnnxOperator[] = [
  operator("ConvTranspose", transposedConvolution),
];
