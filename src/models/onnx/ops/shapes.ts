import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { Value } from "../value.ts";

function reshape(context: OpContext): Value {
  const x = context.tensor(0);
  const wanted = context.numbersOrAttribute(1, "shape") ?? [];
  const keepZero = context.attributes.flag("allowzero");
  const shape = wanted.map((side, axis) => (side === 0 && !keepZero ? (x.shape[axis] ?? 0) : side));
  return Value.of(tf.reshape(x, shape));
}

function transpose(context: OpContext): Value {
  const x = context.tensor(0);
  const perm = context.attributes.numbers("perm") ?? x.shape.map((_, axis) => x.rank - 1 - axis);
  return Value.of(tf.transpose(x, [...perm]));
}

export const shapeOperators: readonly OnnxOperator[] = [
  operator("Reshape", reshape, { shapeInputs: [1] }),
  operator("Transpose", transpose),
];
