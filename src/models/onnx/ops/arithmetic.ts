import * as tf from "@tensorflow/tfjs-core";
import { withoutTape } from "../../tape.ts";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { Value } from "../value.ts";
import { expandTo } from "./expandTo.ts";
import { broadcastValues, mapValue } from "./layout.ts";
import { integersOnHost } from "./onHost.ts";

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

/** `ofIntegers`: where the backends do not compute with integers as ONNX does. */
function binary(name: string, f: Binary, ofIntegers?: (a: number, b: number) => number): OnnxOperator {
  return operator(name, (context) => {
    if (ofIntegers === undefined || context.value(0).dtype === "float32") return both(context, f);
    return Value.of(integersOnHost(name, [context.tensor(0), context.tensor(1)], (a = 0, b = 0) => ofIntegers(a, b)));
  });
}

function both(context: OpContext, f: Binary): Value {
  return broadcastValues([context.value(0), context.value(1)], (a, b = a) => f(a, b));
}

/** An operator of any number of inputs, as a chain of pairs. */
function chain(name: string, f: Binary, finish: (sum: tf.Tensor, count: number) => tf.Tensor = tf.clone): OnnxOperator {
  return operator(name, (context) => {
    const values = context.values();
    return broadcastValues(values, (...tensors) => finish(tensors.reduce(f), tensors.length));
  });
}

/** tfjs forgets to sum the gradient of a repeated side of maximum and minimum, so both sides are written out. */
function expanded(f: Binary): Binary {
  return (a, b) => {
    const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
    return f(expandTo(a, shape), expandTo(b, shape));
  };
}

/** Powers that are written as numbers in a model have an exact gradient, also at 0. */
const knownPowers: ReadonlyMap<number, (x: tf.Tensor) => tf.Tensor> = new Map([
  [0.5, (x) => tf.sqrt(x)],
  [1, (x) => tf.clone(x)],
  [2, (x) => tf.square(x)],
  [3, (x) => tf.mul(x, tf.square(x))],
  [-1, (x) => tf.reciprocal(x)],
]);

function pow(context: OpContext): Value {
  const [base, exponent] = [context.value(0), context.value(1)];
  if (base.dtype !== "float32") {
    return Value.of(
      integersOnHost("Pow", [context.tensor(0), context.tensor(1)], (a = 0, b = 0) => Math.trunc(a ** b)),
    );
  }
  const single = exponent.isConstant && exponent.shape.every((side) => side === 1);
  const known = single ? knownPowers.get(exponent.numbers()[0] ?? Number.NaN) : undefined;
  if (known !== undefined && exponent.shape.length <= base.shape.length) return mapValue(base, known);
  return both(context, (a, b) => tf.pow(a, tf.cast(b, "float32")));
}

/** `fmod` 1: the sign of the dividend, as in C; 0: the sign of the divisor, for integers. */
function mod(context: OpContext): Value {
  const fmod = context.attributes.flag("fmod");
  if (context.value(0).dtype !== "float32") {
    const remainder = (a = 0, b = 0) => (b === 0 ? 0 : fmod ? a % b : ((a % b) + b) % b);
    return Value.of(integersOnHost("Mod", [context.tensor(0), context.tensor(1)], remainder));
  }
  if (!fmod) throw context.unsupported("fmod 1 for floating-point numbers", "fmod 0");
  return both(context, (a, b) => {
    // Between its jumps the quotient is constant.
    const whole = withoutTape(() => {
      const quotient = tf.div(a, b);
      return tf.mul(tf.sign(quotient), tf.floor(tf.abs(quotient)));
    });
    return tf.sub(a, tf.mul(b, whole));
  });
}

export const arithmeticOperators: readonly OnnxOperator[] = [
  binary("Add", (a, b) => tf.add(a, b)),
  binary("Sub", (a, b) => tf.sub(a, b)),
  binary("Mul", (a, b) => tf.mul(a, b)),
  binary(
    "Div",
    (a, b) => tf.div(a, b),
    (a, b) => (b === 0 ? 0 : Math.trunc(a / b)),
  ),
  operator("Pow", pow),
  operator("Mod", mod),
  chain(
    "Max",
    expanded((a, b) => tf.maximum(a, b)),
  ),
  chain(
    "Min",
    expanded((a, b) => tf.minimum(a, b)),
  ),
  chain("Sum", (a, b) => tf.add(a, b)),
  chain(
    "Mean",
    (a, b) => tf.add(a, b),
    (sum, count) => tf.div(sum, count),
  ),
];
