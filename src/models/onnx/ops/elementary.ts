import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type GradientState, type OnnxOperator, operator } from "../operator.ts";
import { Value } from "../value.ts";
import { absolute } from "./absolute.ts";
import { expandTo } from "./expandTo.ts";
import { mapValue } from "./layout.ts";
import { integersOnHost } from "./onHost.ts";

function unary(name: string, f: (x: tf.Tensor) => tf.Tensor, gradient: GradientState = "yes"): OnnxOperator {
  return operator(name, (context) => mapValue(context.value(0), f), { gradient });
}

/** Of one that integers may be given to. */
function ofNumbers(
  name: string,
  f: (x: tf.Tensor) => tf.Tensor,
  ofInteger: (x: number) => number,
  gradient: GradientState = "yes",
): OnnxOperator {
  return unary(
    name,
    (x) => (x.dtype === "float32" ? f(x) : integersOnHost(name, [x], (each = 0) => ofInteger(each))),
    gradient,
  );
}

function clip(context: OpContext): Value {
  const x = context.value(0);
  const bounds = (["min", "max"] as const).map((name, k) => {
    const given = context.optional(k + 1);
    if (given !== undefined) return given;
    return context.attributes.has(name) ? context.attributes.number(name, 0) : undefined;
  });
  const [low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY] = bounds;
  if (x.dtype !== "float32") {
    const at = (bound: Value | number) => (bound instanceof Value ? (bound.numbers()[0] ?? 0) : bound);
    const [from, to] = [at(low), at(high)];
    return Value.of(integersOnHost("Clip", [x.plain()], (each = 0) => Math.min(to, Math.max(from, each))));
  }
  const [from, to] = [knownBound(low), knownBound(high)];
  if (from !== undefined && to !== undefined && from <= to) {
    return mapValue(x, (tensor) => tf.clipByValue(tensor, from, to));
  }
  return mapValue(x, (tensor) => {
    // A bound that is computed may depend on what is explained.
    const atLeast = tf.maximum(tensor, bound(low, tensor.shape));
    return tf.minimum(atLeast, bound(high, tensor.shape));
  });
}

/** A bound that no gradient has to reach. */
function knownBound(bound: Value | number): number | undefined {
  if (typeof bound === "number") return bound;
  return bound.isConstant ? bound.numbers()[0] : undefined;
}

function bound(value: Value | number, shape: readonly number[]): tf.Tensor {
  return typeof value === "number" ? tf.scalar(value) : expandTo(tf.reshape(value.plain(), []), shape);
}

export const elementaryOperators: readonly OnnxOperator[] = [
  ofNumbers("Abs", absolute, Math.abs),
  ofNumbers(
    "Neg",
    (x) => tf.neg(x),
    (x) => -x,
  ),
  ofNumbers("Sign", (x) => tf.sign(x), Math.sign, "steps"),
  unary("Sqrt", (x) => tf.sqrt(x)),
  unary("Reciprocal", (x) => tf.reciprocal(x)),
  unary("Exp", (x) => tf.exp(x)),
  unary("Log", (x) => tf.log(x)),
  unary("Sin", (x) => tf.sin(x)),
  unary("Cos", (x) => tf.cos(x)),
  unary("Tan", (x) => tf.tan(x)),
  unary("Asin", (x) => tf.asin(x)),
  unary("Acos", (x) => tf.acos(x)),
  unary("Atan", (x) => tf.atan(x)),
  unary("Sinh", (x) => tf.sinh(x)),
  unary("Cosh", (x) => tf.cosh(x)),
  unary("Asinh", (x) => tf.asinh(x)),
  unary("Acosh", (x) => tf.acosh(x)),
  unary("Atanh", (x) => tf.atanh(x)),
  unary("Floor", (x) => tf.floor(x), "steps"),
  unary("Ceil", (x) => tf.ceil(x), "steps"),
  unary("Round", (x) => tf.round(x), "steps"),
  operator("Clip", clip),
];
