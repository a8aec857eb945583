import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";

/** How the window of a convolution or a pooling moves along one spatial axis. */
export interface WindowAxis {
  readonly input: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before and after, as the node asks for it; the last window may reach beyond it when sizes round up. */
  readonly before: number;
  readonly after: number;
  readonly output: number;
}

/** Windows along the spatial axes of an input, from the attributes of the node. Throws where nothing would come out. */
export function windowAxes(context: OpContext, input: readonly number[], kernel: readonly number[]): WindowAxis[] {
  if (kernel.length !== input.length) {
    throw context.unsupported(`a kernel for ${input.length} spatial axes`, `kernel of shape [${kernel.join(", ")}]`);
  }
  return input.map((size, i) => windowAxis(context, size, kernel[i] ?? 1, i));
}

function windowAxis(context: OpContext, input: number, kernel: number, i: number): WindowAxis {
  const stride = spatial(context, "strides")[i] ?? 1;
  const dilation = spatial(context, "dilations")[i] ?? 1;
  if (stride < 1 || dilation < 1 || kernel < 1) {
    throw context.unsupported("strides, dilations and kernels of 1 and more", `${stride}, ${dilation}, ${kernel}`);
  }
  const axis = { input, kernel, stride, dilation };
  const reach = (kernel - 1) * dilation + 1;
  const rule = autoPad(context);
  if (rule === "SAME_UPPER" || rule === "SAME_LOWER") {
    const output = Math.ceil(input / stride);
    const total = Math.max(0, (output - 1) * stride + reach - input);
    const before = rule === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2);
    return { ...axis, before, after: total - before, output };
  }
  const [before, after] = rule === "VALID" ? [0, 0] : padding(context, i);
  const steps = (input + before + after - reach) / stride;
  let output = Math.floor(steps) + 1;
  if (context.attributes.flag("ceil_mode")) {
    output = Math.ceil(steps) + 1;
    // A window that would lie in the padding alone is left out.
    if ((output - 1) * stride >= input + before) output--;
  }
  if (output < 1) throw context.unsupported(`an input of at least ${reach - before - after}`, `${input}`);
  return { ...axis, before, after, output };
}

/** Where the node leaves padding to a rule: SAME_UPPER, SAME_LOWER, VALID; NOTSET otherwise. */
export function autoPad(context: OpContext): string {
  return context.attributes.text("auto_pad", "NOTSET");
}

/** Padding before and after a spatial axis, as the node writes it out. */
export function padding(context: OpContext, i: number): [number, number] {
  const pads = spatial(context, "pads");
  const [before, after] = [pads[i] ?? 0, pads[i + pads.length / 2] ?? 0];
  if (before < 0 || after < 0) throw context.unsupported("paddings of 0 and more", `pads [${pads.join(", ")}]`);
  return [before, after];
}

export function spatial(context: OpContext, name: string): readonly number[] {
  return context.attributes.numbers(name) ?? [];
}

/** What must stand behind the input for the last window to be full; negative where the input has values left over. */
export function tailOf({ input, kernel, stride, dilation, before, output }: WindowAxis): number {
  return (output - 1) * stride + (kernel - 1) * dilation + 1 - input - before;
}

/** Pads the spatial axes of x, [batch, ...spatial, channels], with `value`, so that every window is full. */
export function padForWindows(x: tf.Tensor, axes: readonly WindowAxis[], value = 0): tf.Tensor {
  const paddings = axes.map((axis): [number, number] => [axis.before, Math.max(0, tailOf(axis))]);
  if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
  return tf.pad(x, [[0, 0], ...paddings, [0, 0]], value);
}

/** Whether the padding is what TensorFlow does by itself when it is told `same`. */
export function isSame({ input, kernel, stride, dilation, before, output }: WindowAxis): boolean {
  if (output !== Math.ceil(input / stride)) return false;
  const total = Math.max(0, (output - 1) * stride + (kernel - 1) * dilation + 1 - input);
  return before === Math.floor(total / 2);
}

/**
 * What the windows see at their place `at` (one for each axis) of x, which is padded: [batch, ...output, channels].
 */
export function tap(x: tf.Tensor, axes: readonly WindowAxis[], at: readonly number[]): tf.Tensor {
  const begin = axes.map(({ dilation }, i) => (at[i] ?? 0) * dilation);
  const strides = axes.map(({ stride }) => stride);
  const end = axes.map(({ output, stride }, i) => (begin[i] ?? 0) + (output - 1) * stride + 1);
  const [batch = 1] = x.shape;
  const channels = x.shape.at(-1) ?? 1;
  if (strides.every((stride) => stride === 1)) {
    return tf.slice(x, [0, ...begin, 0], [batch, ...axes.map(({ output }) => output), channels]);
  }
  return tf.stridedSlice(x, [0, ...begin, 0], [batch, ...end, channels], [1, ...strides, 1]);
}

/** The channels-last value of a 1-D input gets a height of 1, for kernels that know 2-D only. */
export function withHeight(x: tf.Tensor): tf.Tensor {
  const [batch = 1, width = 1, channels = 1] = x.shape;
  return x.rank === 3 ? tf.reshape(x, [batch, 1, width, channels]) : x;
}

export function withoutHeight(x: tf.Tensor, rank: number): tf.Tensor {
  const [batch = 1, , width = 1, channels = 1] = x.shape;
  return rank === 3 ? tf.reshape(x, [batch, width, channels]) : x;
}

/** Axes of 2-D kernels for a 1-D input. The added one has the stride of the other: TensorFlow wants them equal. */
export function axesWithHeight(axes: readonly WindowAxis[]): readonly WindowAxis[] {
  const [axis] = axes;
  if (axes.length !== 1 || axis === undefined) return axes;
  return [{ input: 1, kernel: 1, stride: axis.stride, dilation: 1, before: 0, after: 0, output: 1 }, axis];
}
