import * as tf from "@tensorflow/tfjs-core";
import { rank4, rank5 } from "../../repairs/attributes.ts";
import type { Value } from "../value.ts";
import {
  axesWithHeight,
  isSame,
  padForWindows,
  tailOf,
  tap,
  type WindowAxis,
  withHeight,
  withoutHeight,
} from "./windows.ts";

/** A filter in the form that ONNX gives it, and how it is to be read. */
export interface Filter {
  readonly value: Value;
  /** Names the reading, since the value keeps what was made of it. */
  readonly key: string;
  /** [outputs, inputs of a group, ...kernel] from the plain value. */
  readonly read: (plain: tf.Tensor) => tf.Tensor;
  readonly shape: readonly number[];
  readonly groups: number;
}

/**
 * Convolution of x, [batch, ...spatial, channels], with one, two or three spatial axes: [batch, ...output, outputs].
 * One call of tfjs for one group and for depthwise filters. What its kernels cannot do, or have no gradient for (a filter
 * that is computed in the graph, 3-D groups or dilation, dilation with strides), is summed place by place.
 */
export function convolve(x: tf.Tensor, filter: Filter, axes: readonly WindowAxis[]): tf.Tensor {
  const [outputs = 1, inputs = 1] = filter.shape;
  const { groups } = filter;
  const dilated = axes.some(({ dilation }) => dilation > 1);
  const strided = axes.some(({ stride }) => stride > 1);
  if (!filter.value.isConstant || (dilated && strided)) return convolveByPlaces(x, filter, axes);
  if (axes.length === 3) {
    return groups === 1 && !dilated ? convolve3d(x, filter, axes) : convolveByPlaces(x, filter, axes);
  }
  const wide = withHeight(x);
  const both = axesWithHeight(axes);
  if (groups === 1) {
    return withoutHeight(convolve2d(wide, lastFilter(filter, axes.length), both), x.rank);
  }
  if (inputs === 1) {
    if (!evenly(both)) return convolveByPlaces(x, filter, axes);
    const depthwise = filter.value.derived(`${filter.key}, depthwise`, (plain) => {
      const kernel = filter.shape.slice(2);
      const turned = tf.transpose(tf.reshape(filter.read(plain), [outputs, -1]));
      return tf.reshape(turned, [...heightOf(kernel), groups, outputs / groups]);
    });
    return withoutHeight(depthwise2d(wide, depthwise, both), x.rank);
  }
  return withoutHeight(convolveGroups(wide, filter, both, axes.length), x.rank);
}

/** [...kernel, inputs, outputs], with a height of 1 for a 1-D kernel. */
function lastFilter(filter: Filter, spatialAxes: number): tf.Tensor {
  return filter.value.derived(`${filter.key}, last`, (plain) => kernelFirst(filter.read(plain), spatialAxes));
}

function kernelFirst(filter: tf.Tensor, spatialAxes: number): tf.Tensor {
  const turned = tf.transpose(filter, [...Array.from({ length: spatialAxes }, (_, i) => i + 2), 1, 0]);
  return spatialAxes === 1 ? tf.reshape(turned, [1, ...turned.shape]) : turned;
}

function heightOf(kernel: readonly number[]): readonly number[] {
  return kernel.length === 1 ? [1, ...kernel] : kernel;
}

/** TensorFlow's depthwise kernels take the same stride and dilation for both axes. */
function evenly(axes: readonly WindowAxis[]): boolean {
  const [height, width] = axes;
  if (height?.kernel === 1 && height.input === 1) return true;
  return height?.stride === width?.stride && height?.dilation === width?.dilation;
}

type Pad = "same" | "valid" | [[0, 0], [number, number], [number, number], [0, 0]];

/**
 * Padding as an argument. TensorFlow has a fast gradient for `same` and `valid` only, so there other padding is done
 * beforehand; the other backends take it as it is.
 */
function padded(x: tf.Tensor, axes: readonly WindowAxis[]): { readonly x: tf.Tensor; readonly pad: Pad } {
  const [height, width] = axes;
  if (height === undefined || width === undefined) throw new Error("a convolution of a plane has two spatial axes");
  const plain = axes.every((axis) => axis.before === 0 && tailOf(axis) <= 0);
  if (plain) return { x, pad: "valid" };
  if (tf.getBackend() === "tensorflow") {
    return axes.every(isSame) ? { x, pad: "same" } : { x: padForWindows(x, axes), pad: "valid" };
  }
  return {
    x,
    pad: [
      [0, 0],
      [height.before, height.after],
      [width.before, width.after],
      [0, 0],
    ],
  };
}

function pair(axes: readonly WindowAxis[], of: (axis: WindowAxis) => number): [number, number] {
  const [height = 1, width = 1] = axes.map(of);
  return [height, width];
}

const strides = (axes: readonly WindowAxis[]) => pair(axes, ({ stride }) => stride);
const dilations = (axes: readonly WindowAxis[]) => pair(axes, ({ dilation }) => dilation);

function convolve2d(x: tf.Tensor, filter: tf.Tensor, axes: readonly WindowAxis[]): tf.Tensor {
  const { x: input, pad } = padded(x, axes);
  return tf.conv2d(rank4(input), rank4(filter), strides(axes), pad, "NHWC", dilations(axes));
}

function depthwise2d(x: tf.Tensor, filter: tf.Tensor, axes: readonly WindowAxis[]): tf.Tensor {
  const { x: input, pad } = padded(x, axes);
  return tf.depthwiseConv2d(rank4(input), rank4(filter), strides(axes), pad, "NHWC", dilations(axes));
}

function convolve3d(x: tf.Tensor, filter: Filter, axes: readonly WindowAxis[]): tf.Tensor {
  const [depth = 1, height = 1, width = 1] = axes.map(({ stride }) => stride);
  const input = padForWindows(x, axes);
  return tf.conv3d(rank5(input), rank5(lastFilter(filter, 3)), [depth, height, width], "valid");
}

function convolveGroups(x: tf.Tensor, filter: Filter, axes: readonly WindowAxis[], spatialAxes: number): tf.Tensor {
  const { groups } = filter;
  const parts = tf.split(x, groups, 3).map((part, group) => {
    const own = filter.value.derived(`${filter.key}, group ${group}`, (plain) => {
      const all = tf.split(filter.read(plain), groups, 0);
      return kernelFirst(all[group] ?? plain, spatialAxes);
    });
    return convolve2d(part, own, axes);
  });
  return tf.concat(parts, 3);
}

/** Σ over the places of the kernel of what all windows see there, times the weights of that place. */
function convolveByPlaces(x: tf.Tensor, filter: Filter, axes: readonly WindowAxis[]): tf.Tensor {
  const [outputs = 1, inputs = 1, ...kernel] = filter.shape;
  const { groups, value } = filter;
  const input = padForWindows(x, axes);
  const places = kernel.reduce((product, side) => product * side, 1);
  // [places, groups, inputs, outputs of a group]
  const weights = value.derived(`${filter.key}, by places`, (plain) =>
    tf.transpose(tf.reshape(filter.read(plain), [groups, outputs / groups, inputs, places]), [3, 0, 2, 1]),
  );
  const [batch = 1] = x.shape;
  const products = Array.from({ length: places }, (_, place) => {
    const seen = tf.reshape(tap(input, axes, coordinates(place, kernel)), [-1, groups, inputs]);
    const own = tf.reshape(tf.slice(weights, [place, 0, 0, 0], [1, -1, -1, -1]), [groups, inputs, outputs / groups]);
    return tf.matMul(tf.transpose(seen, [1, 0, 2]), own);
  });
  const [first, ...rest] = products;
  if (first === undefined) throw new Error("a kernel without a place");
  const sum = rest.reduce((total, each) => tf.add(total, each), first);
  return tf.reshape(tf.transpose(sum, [1, 0, 2]), [batch, ...axes.map(({ output }) => output), outputs]);
}

/** Index along each axis of the place-th entry of an array of this shape. */
function coordinates(place: number, shape: readonly number[]): number[] {
  let inner = shape.reduce((product, side) => product * side, 1);
  return shape.map((side) => {
    inner /= side;
    return Math.floor(place / inner) % side;
  });
}
