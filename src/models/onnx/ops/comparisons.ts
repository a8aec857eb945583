import * as tf from "@tensorflow/tfjs-core";
import { type OnnxOperator, operator } from "../operator.ts";
import { broadcastValues } from "./layout.ts";

export const comparisonOperators: readonly OnnxOperator[] = [
  operator("Equal", (context) => broadcastValues([context.value(0), context.value(1)], (a, b = a) => tf.equal(a, b)), {
    gradient: "steps",
  }),
];
