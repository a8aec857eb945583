import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { Value } from "../value.ts";
import { stagedMean } from "./stagedSum.ts";

/** x less its mean, over its standard deviation, along axes; with the two that it was made with. */
function standardized(x: tf.Tensor, axes: readonly number[], epsilon: number) {
  const mean = stagedMean(x, axes);
  const centred = tf.sub(x, mean);
  const inverse = tf.rsqrt(tf.add(stagedMean(tf.square(centred), axes), epsilon));
  return { y: tf.mul(centred, inverse), mean, inverse };
}

function scaled(y: tf.Tensor, scale: tf.Tensor | undefined, bias: tf.Tensor | undefined): tf.Tensor {
  const product = scale === undefined ? y : tf.mul(y, scale);
  return bias === undefined ? product : tf.add(product, bias);
}

/** Batch normalization by statistics from the training: x [batch, channels, ...], the rest [channels]. */
function batchNormalization(context: OpContext): Value {
  const { attributes, version, node } = context;
  const training = version >= 14 ? attributes.flag("training_mode") : version < 7 && !attributes.flag("is_test");
  if (training || node.outputs.slice(1).some((name) => name !== "") || !attributes.flag("spatial", true)) {
    throw context.unsupported("statistics of the training, one for each channel", "statistics of the batch");
  }
  const x = context.value(0);
  const given = [1, 2, 3, 4].map((index) => context.value(index));
  const [scale, bias, mean, variance] = given.map((value) => value.plain());
  if (scale === undefined || bias === undefined || mean === undefined || variance === undefined) {
    throw context.unsupported("scale, bias, mean and variance", "less");
  }
  const epsilon = attributes.number("epsilon", 1e-5);
  const rank = x.shape.length;
  const last = rank > 2 ? x.channelsLast() : x.plain();
  const allConstant = given.every((value) => value.isConstant);
  const y = allConstant ? fused() : composed();
  return rank > 2 ? Value.channelsLast(y) : Value.of(y);

  /** One pass; tfjs has its gradient with respect to x and the bias. */
  function fused(): tf.Tensor {
    const flat = tf.reshape<tf.Rank.R2>(last, [-1, x.shape[1] ?? 1]);
    const normal = tf.batchNorm(flat, flatten(mean), flatten(variance), flatten(bias), flatten(scale), epsilon);
    return tf.reshape(normal, last.shape);
  }

  function composed(): tf.Tensor {
    const factor = tf.mul(flatten(scale), tf.rsqrt(tf.add(flatten(variance), epsilon)));
    return tf.add(tf.mul(tf.sub(last, flatten(mean)), factor), flatten(bias));
  }
}

function flatten(vector: tf.Tensor | undefined): tf.Tensor1D {
  return tf.reshape<tf.Rank.R1>(vector ?? tf.tensor1d([]), [-1]);
}

/** Each channel of each sample by its own statistics: x [batch, channels, ...spatial], scale and bias [channels]. */
function instanceNormalization(context: OpContext): Value {
  const x = context.value(0);
  if (x.shape.length < 3) throw context.unsupported("an input with spatial axes", `shape [${x.shape.join(", ")}]`);
  const last = x.channelsLast();
  const axes = x.shape.slice(2).map((_, i) => i + 1);
  const { y } = standardized(last, axes, context.attributes.number("epsilon", 1e-5));
  return Value.channelsLast(scaled(y, context.tensor(1), context.tensor(2)));
}

/** Everything from an axis on; also gives mean and inverse standard deviation, [..., 1, 1]. */
function layerNormalization(context: OpContext): Value[] {
  const { x, axes, epsilon } = fromAxis(context);
  const { y, mean, inverse } = standardized(x, axes, epsilon);
  return [scaled(y, context.tensor(1), context.optional(2)?.plain()), mean, inverse].map(Value.of);
}

function fromAxis(context: OpContext) {
  const x = context.tensor(0);
  const first = context.axis(context.attributes.number("axis", -1), x.rank);
  const axes = x.shape.map((_, i) => i).slice(first);
  return { x, axes, epsilon: context.attributes.number("epsilon", 1e-5) };
}

/** Over the root of the mean square: no mean is taken off. */
function rootMeanSquared(x: tf.Tensor, axes: readonly number[], epsilon: number) {
  const inverse = tf.rsqrt(tf.add(stagedMean(tf.square(x), axes), epsilon));
  return { y: tf.mul(x, inverse), inverse };
}

function rmsNormalization(context: OpContext): Value[] {
  const { x, axes, epsilon } = fromAxis(context);
  const { y, inverse } = rootMeanSquared(x, axes, epsilon);
  return [tf.mul(y, context.tensor(1)), inverse].map(Value.of);
}

/** Groups of channels: scale and bias one for each channel, before operator set 21 one for each group. */
function groupNormalization(context: OpContext): Value {
  const x = context.value(0);
  const [batch = 1, channels = 1, ...spatial] = x.shape;
  const groups = context.attributes.number("num_groups", 1);
  if (channels % groups !== 0) throw context.unsupported(`channels in ${groups} groups`, `${channels} channels`);
  const each = channels / groups;
  const [scale, bias] = [context.tensor(1), context.tensor(2)];
  const epsilon = context.attributes.number("epsilon", 1e-5);
  const perGroup = scale.size === groups && groups !== channels;
  const size = spatial.reduce((product, side) => product * side, 1);
  if (x.prefersChannelsLast) {
    const last = x.channelsLast();
    const { y } = standardized(tf.reshape(last, [batch, size, groups, each]), [1, 3], epsilon);
    const form = perGroup ? [groups, 1] : [groups, each];
    return Value.channelsLast(tf.reshape(scaled(y, tf.reshape(scale, form), tf.reshape(bias, form)), last.shape));
  }
  const { y } = standardized(tf.reshape(x.plain(), [batch, groups, each, size]), [2, 3], epsilon);
  const form = perGroup ? [groups, 1, 1] : [groups, each, 1];
  return Value.of(tf.reshape(scaled(y, tf.reshape(scale, form), tf.reshape(bias, form)), [...x.shape]));
}

/** Local response normalization across channels: x / (bias + alpha/size · Σ x²)^beta, the sum over near channels. */
function localResponse(context: OpContext): Value {
  const { attributes } = context;
  const size = attributes.number("size", 1);
  const x = context.value(0);
  if (x.shape.length < 3) throw context.unsupported("an input with spatial axes", `shape [${x.shape.join(", ")}]`);
  const last = x.channelsLast();
  const channels = x.shape[1] ?? 1;
  const before = Math.floor((size - 1) / 2);
  // Which channels count for which, as a matrix: one product, right on every backend and differentiable.
  const near = Array.from({ length: channels * channels }, (_, i) => {
    const distance = Math.floor(i / channels) - (i % channels);
    return distance >= -before && distance <= size - 1 - before ? 1 : 0;
  });
  const squares = tf.reshape<tf.Rank.R2>(tf.square(last), [-1, channels]);
  const sums = tf.reshape(tf.matMul(squares, tf.tensor2d(near, [channels, channels])), last.shape);
  const base = tf.add(attributes.number("bias", 1), tf.mul(attributes.number("alpha", 1e-4) / size, sums));
  return Value.channelsLast(tf.mul(last, tf.pow(base, -attributes.number("beta", 0.75))));
}

function meanVariance(context: OpContext): Value {
  const x = context.tensor(0);
  const axes = (context.attributes.numbers("axes") ?? [0, 2, 3]).map((axis) => context.axis(axis, x.rank));
  const centred = tf.sub(x, tf.mean(x, axes, true));
  const deviation = tf.sqrt(tf.mean(tf.square(centred), axes, true));
  return Value.of(tf.div(centred, tf.add(deviation, 1e-9)));
}

/** x over its norm along an axis, with p of 1 or 2; zero where the norm is. */
function lpNormalization(context: OpContext): Value {
  const x = context.tensor(0);
  const axis = context.axis(context.attributes.number("axis", -1), x.rank);
  const p = context.attributes.number("p", 2);
  const sum = tf.sum(p === 1 ? tf.abs(x) : tf.square(x), axis, true);
  const safe = tf.where(tf.equal(sum, 0), tf.onesLike(sum), sum);
  return Value.of(p === 1 ? tf.div(x, safe) : tf.mul(x, tf.rsqrt(safe)));
}

/** input + skip + bias, normalized; the last output is the sum itself. */
function skipNormalization(context: OpContext, simplified: boolean): (Value | undefined)[] {
  const bias = context.optional(simplified ? 3 : 4)?.plain();
  const sum = tf.add(context.tensor(0), context.tensor(1));
  const x = bias === undefined ? sum : tf.add(sum, bias);
  const epsilon = context.attributes.number("epsilon", 1e-12);
  const axes = [x.rank - 1];
  if (simplified) {
    const { y } = rootMeanSquared(x, axes, epsilon);
    return [Value.of(tf.mul(y, context.tensor(2))), undefined, undefined, Value.of(x)];
  }
  const { y, mean, inverse } = standardized(x, axes, epsilon);
  return [scaled(y, context.tensor(2), context.optional(3)?.plain()), mean, inverse, x].map(Value.of);
}

export const normalizationOperators: readonly OnnxOperator[] = [
  operator("BatchNormalization", batchNormalization),
  operator("InstanceNormalization", instanceNormalization),
  operator("LayerNormalization", layerNormalization),
  operator("RMSNormalization", rmsNormalization),
  operator("SimplifiedLayerNormalization", rmsNormalization),
  operator("GroupNormalization", groupNormalization),
  operator("LRN", localResponse),
  operator("MeanVarianceNormalization", meanVariance),
  operator("LpNormalization", lpNormalization),
  operator("com.microsoft.SkipLayerNormalization", (context) => skipNormalization(context, false)),
  operator("com.microsoft.SkipSimplifiedLayerNormalization", (context) => skipNormalization(context, true)),
];
