import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import type { HostTensor } from "../read/hostTensor.ts";
import { computeType } from "../read/hostTensor.ts";
import { Value } from "../value.ts";
import { mapValue } from "./layout.ts";

function integers(values: readonly number[]): Value {
  return Value.of(tf.tensor1d([...values], "int32"));
}

/** Shape from `start` to `end` (operator set 15). */
function shapeOf(context: OpContext): Value {
  const { shape } = context.value(0);
  const { attributes } = context;
  return integers(shape.slice(attributes.number("start", 0), attributes.number("end", shape.length)));
}

function constant(context: OpContext): Value {
  const { attributes } = context;
  const host: HostTensor | undefined = attributes.tensor("value");
  if (host !== undefined) return Value.of(tf.tensor(host.data, [...host.shape], host.dtype));
  if (attributes.has("value_int")) return Value.of(tf.scalar(attributes.number("value_int", 0), "int32"));
  if (attributes.has("value_float")) return Value.of(tf.scalar(attributes.number("value_float", 0)));
  const ints = attributes.numbers("value_ints");
  if (ints !== undefined) return integers(ints);
  const floats = attributes.numbers("value_floats");
  if (floats !== undefined) return Value.of(tf.tensor1d([...floats]));
  throw context.unsupported("a constant of numbers", "strings, or nothing");
}

function cast(context: OpContext): Value {
  const dtype = computeType(context.attributes.number("to", 1));
  if (dtype === undefined) throw context.unsupported("a cast to numbers or booleans", "a cast to strings");
  return mapValue(context.value(0), (x) => castTo(x, dtype));
}

function castLike(context: OpContext): Value {
  const { dtype } = context.value(1);
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") throw context.unsupported("numbers", dtype);
  return mapValue(context.value(0), (x) => castTo(x, dtype));
}

/** Booleans are 0 and 1; fractions are cut off. */
export function castTo(x: tf.Tensor, dtype: HostTensor["dtype"]): tf.Tensor {
  if (x.dtype === dtype) return tf.clone(x);
  return dtype === "bool" ? tf.notEqual(x, 0) : tf.cast(x, dtype);
}

export const constantOperators: readonly OnnxOperator[] = [
  operator("Constant", constant, { gradient: "integers" }),
  operator("Identity", (context) => mapValue(context.value(0), (x) => tf.clone(x))),
  operator("Cast", cast),
  operator("CastLike", castLike),
  operator("Shape", shapeOf, { gradient: "integers", readsShapeOnly: true }),
  operator(
    "Size",
    (context) =>
      Value.of(
        tf.scalar(
          context.value(0).shape.reduce((a, b) => a * b, 1),
          "int32",
        ),
      ),
    {
      gradient: "integers",
      readsShapeOnly: true,
    },
  ),
];
