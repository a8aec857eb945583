import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { checkSize } from "../sizeLimit.ts";
import type { Value } from "../value.ts";
import { axisOf, fromLayout, inLayout } from "./layout.ts";
import { nearestTo, placeInInput, type Resampling } from "./resampling.ts";

/** Resize, and its forerunner Upsample: nearest and linear, each axis by itself. */
function resize(context: OpContext): Value {
  const x = context.value(0);
  const mode = context.attributes.text("mode", "nearest");
  if (mode !== "nearest" && mode !== "linear") throw context.unsupported("mode nearest or linear", `mode ${mode}`);
  if (context.attributes.flag("antialias")) throw context.unsupported("resizing without antialiasing", "antialias");
  const axes = resamplings(context, x.shape);
  const shape = x.shape.map((side, axis) => axes.get(axis)?.output ?? side);
  checkSize(shape, context.node.name);
  const tensor = inLayout(x);
  let y = tensor;
  for (const [axis, resampling] of axes) {
    if (isIdentity(resampling)) continue;
    const at = axisOf(x, axis);
    y = mode === "nearest" ? nearest(context, y, at, resampling) : linear(y, at, resampling);
  }
  return fromLayout(x, y === tensor ? tf.clone(tensor) : y);
}

/** Size and scale of each axis that is resized. */
function resamplings(context: OpContext, shape: readonly number[]): ReadonlyMap<number, Resampling> {
  const { attributes, version } = context;
  const old = context.node.op === "Upsample" || version < 11;
  const centres = old ? "asymmetric" : attributes.text("coordinate_transformation_mode", "half_pixel");
  if (!known.has(centres)) throw context.unsupported([...known].join(", "), `coordinates ${centres}`);
  const axes = (attributes.numbers("axes") ?? shape.map((_, axis) => axis)).map((axis) =>
    context.axis(axis, shape.length),
  );
  const scales = (old ? context.numbersOrAttribute(1, "scales") : context.numbers(2)) ?? [];
  const sizes = (old ? undefined : context.numbers(3)) ?? [];
  const given = sizes.length > 0 ? sizes : scales;
  if (given.length !== axes.length || given.some((each) => !(each > 0))) {
    throw context.unsupported(`a size or a scale for each of ${axes.length} axes`, `[${given.join(", ")}]`);
  }
  const inputs = axes.map((axis) => shape[axis] ?? 1);
  const found = sizes.length > 0 ? fromSizes(context, inputs, sizes) : fromScales(inputs, scales);
  return new Map(axes.map((axis, i) => [axis, { ...(found[i] ?? fail()), centres }]));
}

const known: ReadonlySet<string> = new Set([
  "half_pixel",
  "half_pixel_symmetric",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
]);

type Sized = Omit<Resampling, "centres">;

function fromScales(inputs: readonly number[], scales: readonly number[]): Sized[] {
  return inputs.map((input, i) => {
    const scale = Math.fround(scales[i] ?? 1);
    return { input, output: Math.floor(Math.fround(input * scale)), scale };
  });
}

function fromSizes(context: OpContext, inputs: readonly number[], sizes: readonly number[]): Sized[] {
  const policy = context.attributes.text("keep_aspect_ratio_policy", "stretch");
  const ratios = inputs.map((input, i) => (sizes[i] ?? input) / input);
  if (policy === "stretch") {
    return inputs.map((input, i) => ({ input, output: sizes[i] ?? input, scale: Math.fround(ratios[i] ?? 1) }));
  }
  if (policy !== "not_larger" && policy !== "not_smaller") {
    throw context.unsupported("keep_aspect_ratio_policy stretch, not_larger or not_smaller", policy);
  }
  const scale = Math.fround(policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios));
  return inputs.map((input) => ({ input, output: Math.floor(Math.fround(scale * input) + 0.5), scale }));
}

function fail(): never {
  throw new Error("an axis without a size");
}

function isIdentity({ input, output, scale }: Resampling): boolean {
  return input === output && scale === 1;
}

function nearest(context: OpContext, x: tf.Tensor, axis: number, resampling: Resampling): tf.Tensor {
  const { attributes, version, node } = context;
  const rule =
    node.op === "Upsample" || version < 11 ? "simple" : attributes.text("nearest_mode", "round_prefer_floor");
  const { input, output } = resampling;
  const places = Array.from({ length: output }, (_, i) => {
    const place = nearestTo(placeInInput(resampling, i), rule, resampling.scale < 1);
    if (place === undefined) throw context.unsupported("a known nearest_mode", rule);
    return Math.min(Math.max(place, 0), input - 1);
  });
  const times = output / input;
  if (Number.isInteger(times) && places.every((place, i) => place === Math.floor(i / times)))
    return repeated(x, axis, times);
  return tf.gather(x, tf.tensor1d(places, "int32"), axis);
}

/** Every entry of an axis `times` times in a row; its gradient is a sum, where that of a gather is a scatter. */
function repeated(x: tf.Tensor, axis: number, times: number): tf.Tensor {
  const outer = x.shape.slice(0, axis + 1).reduce((product, side) => product * side, 1);
  const inner = x.shape.slice(axis + 1).reduce((product, side) => product * side, 1);
  const tiled = tf.tile(tf.reshape(x, [outer, 1, inner]), [1, times, 1]);
  return tf.reshape(
    tiled,
    x.shape.map((side, i) => (i === axis ? side * times : side)),
  );
}

/** The product with a matrix that has two weights in a row, [output, input]. */
function linear(x: tf.Tensor, axis: number, resampling: Resampling): tf.Tensor {
  const { input, output } = resampling;
  const weights = new Float32Array(output * input);
  for (let i = 0; i < output; i++) {
    const place = Math.min(Math.max(placeInInput(resampling, i), 0), input - 1);
    const low = Math.min(Math.floor(place), input - 1);
    const high = Math.min(low + 1, input - 1);
    const share = place - low;
    weights[i * input + low] = (weights[i * input + low] ?? 0) + 1 - share;
    weights[i * input + high] = (weights[i * input + high] ?? 0) + share;
  }
  const outer = x.shape.slice(0, axis).reduce((product, side) => product * side, 1);
  const inner = x.shape.slice(axis + 1).reduce((product, side) => product * side, 1);
  const matrix = tf.tensor(weights, [1, output, input]);
  const shape = x.shape.map((side, i) => (i === axis ? output : side));
  return tf.reshape(tf.matMul(matrix, tf.reshape(x, [outer, input, inner])), shape);
}

export const resizeOperators: readonly OnnxOperator[] = [
  operator("Resize", resize, { shapeInputs: [1, 2, 3] }),
  operator("Upsample", resize, { shapeInputs: [1] }),
];
