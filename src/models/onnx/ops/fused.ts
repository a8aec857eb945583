import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { gelu } from "./activations.ts";
import { broadcastValues, mapValue } from "./layout.ts";

/** Gelu of the sum with a bias, which may be left out. */
function biasedGelu(context: OpContext, approximate: boolean) {
  const [x, bias] = [context.value(0), context.optional(1)];
  if (bias === undefined) return mapValue(x, (each) => gelu(each, approximate));
  return broadcastValues([x, bias], (each, added = each) => gelu(tf.add(each, added), approximate));
}

export const fusedOperators: readonly OnnxOperator[] = [
  operator("com.microsoft.BiasGelu", (context) => biasedGelu(context, false)),
  operator("com.microsoft.FastGelu", (context) => biasedGelu(context, true)),
];
