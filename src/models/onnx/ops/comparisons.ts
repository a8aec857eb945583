import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import type { Value } from "../value.ts";
import { expandTo } from "./expandTo.ts";
import { broadcastValues, mapValue } from "./layout.ts";
import { integersOnHost } from "./onHost.ts";

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

function binary(name: string, f: Binary): OnnxOperator {
  const run = (context: OpContext) =>
    broadcastValues([context.value(0), context.value(1)], (a, b = a) => f(numbersOf(a), numbersOf(b)));
  return operator(name, run, { gradient: "steps" });
}

/** tfjs compares booleans on some backends only. */
function numbersOf(x: tf.Tensor): tf.Tensor {
  return x.dtype === "bool" ? tf.cast(x, "int32") : x;
}

function logical(name: string, f: Binary): OnnxOperator {
  const run = (context: OpContext) => broadcastValues([context.value(0), context.value(1)], (a, b = a) => f(a, b));
  return operator(name, run, { gradient: "integers" });
}

function bitwise(name: string, f: (a: number, b: number) => number): OnnxOperator {
  return logical(name, (a, b) => integersOnHost(name, [a, b], (x = 0, y = 0) => f(x, y)));
}

function isInfinite(context: OpContext): Value {
  const positive = context.attributes.flag("detect_positive", true);
  const negative = context.attributes.flag("detect_negative", true);
  const wanted = (x: number) =>
    (positive && x === Number.POSITIVE_INFINITY) || (negative && x === Number.NEGATIVE_INFINITY);
  return mapValue(context.value(0), (x) => integersOnHost("IsInf", [x], (each = 0) => (wanted(each) ? 1 : 0), "bool"));
}

/** Gradients reach both branches; the condition has none. */
function where(context: OpContext): Value {
  return broadcastValues([context.value(0), context.value(1), context.value(2)], (condition, a = condition, b = a) => {
    const shape = [condition, a, b].reduce<number[]>(
      (broadcast, { shape: next }) => tf.broadcast_util.assertAndGetBroadcastShape(broadcast, next),
      [],
    );
    if (a.dtype !== "float32") {
      const dtype = a.dtype === "bool" ? "bool" : "int32";
      return integersOnHost("Where", [condition, a, b], (which = 0, x = 0, y = 0) => (which === 0 ? y : x), dtype);
    }
    return tf.where(expandTo(condition, shape), expandTo(a, shape), expandTo(b, shape));
  });
}

export const comparisonOperators: readonly OnnxOperator[] = [
  binary("Equal", (a, b) => tf.equal(a, b)),
  binary("Greater", (a, b) => tf.greater(a, b)),
  binary("GreaterOrEqual", (a, b) => tf.greaterEqual(a, b)),
  binary("Less", (a, b) => tf.less(a, b)),
  binary("LessOrEqual", (a, b) => tf.lessEqual(a, b)),
  logical("And", (a, b) => tf.logicalAnd(a, b)),
  logical("Or", (a, b) => tf.logicalOr(a, b)),
  logical("Xor", (a, b) => tf.notEqual(numbersOf(a), numbersOf(b))),
  bitwise("BitwiseAnd", (a, b) => a & b),
  bitwise("BitwiseOr", (a, b) => a | b),
  bitwise("BitwiseXor", (a, b) => a ^ b),
  operator("Not", (context) => mapValue(context.value(0), (x) => tf.logicalNot(x)), { gradient: "integers" }),
  operator("IsNaN", (context) => mapValue(context.value(0), (x) => tf.isNaN(x)), { gradient: "steps" }),
  operator("IsInf", isInfinite, { gradient: "steps" }),
  operator("Where", where),
];
