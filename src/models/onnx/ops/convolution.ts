import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { checkSize } from "../sizeLimit.ts";
import { Value } from "../value.ts";
import { convolve } from "./convolve.ts";
import { windowAxes } from "./windows.ts";

/** Conv: x [batch, channels, ...spatial], filter [outputs, channels / groups, ...kernel], bias [outputs]. */
function convolution(context: OpContext): Value {
  const x = context.value(0);
  const filter = context.value(1);
  const [, channels = 1, ...spatial] = x.shape;
  const [outputs = 1, inputs = 1, ...kernel] = filter.shape;
  const groups = context.attributes.number("group", 1);
  refuseRank(context, spatial.length);
  if (channels !== inputs * groups || outputs % groups !== 0) {
    throw context.unsupported(`${inputs * groups} channels in ${groups} groups`, `${channels} channels`);
  }
  const axes = windowAxes(context, spatial, kernel);
  checkSize([x.shape[0] ?? 1, outputs, ...axes.map(({ output }) => output)], context.node.name);
  const read = (plain: tf.Tensor) => plain;
  const y = convolve(x.channelsLast(), { value: filter, key: "filter", read, shape: filter.shape, groups }, axes);
  return Value.channelsLast(withBias(y, context.optional(2)));
}

export function refuseRank(context: OpContext, spatialAxes: number): void {
  if (spatialAxes < 1 || spatialAxes > 3) {
    throw context.unsupported("1 to 3 spatial axes", `${spatialAxes} spatial axes`);
  }
}

export function withBias(y: tf.Tensor, bias: Value | undefined): tf.Tensor {
  return bias === undefined ? y : tf.add(y, bias.plain());
}

export const convolutionOperators: readonly OnnxOperator[] = [operator("Conv", convolution)];
