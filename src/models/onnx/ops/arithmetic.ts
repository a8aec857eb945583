import * as tf from "@tensorflow/tfjs-core";
import { type OnnxOperator, operator } from "../operator.ts";
import { broadcastValues } from "./layout.ts";

function binary(name: string, f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): OnnxOperator {
  return operator(name, (context) => broadcastValues([context.value(0), context.value(1)], (a, b = a) => f(a, b)));
}

export const arithmeticOperators: readonly OnnxOperator[] = [
  binary("Add", (a, b) => tf.add(a, b)),
  binary("Sub", (a, b) => tf.sub(a, b)),
  binary("Mul", (a, b) => tf.mul(a, b)),
];
