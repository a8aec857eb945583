import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { Value } from "../value.ts";

/** (x − zero point) · scale, for the whole tensor or along one axis. */
function dequantize(context: OpContext): Value {
  if (context.attributes.number("block_size", 0) !== 0) {
    throw context.unsupported("one scale for a tensor or along an axis", "scales for blocks");
  }
  const x = context.tensor(0);
  const along = (given: tf.Tensor) => {
    if (given.size === 1) return tf.reshape(given, []);
    const axis = context.axis(context.attributes.number("axis", 1), x.rank);
    return tf.reshape(
      given,
      x.shape.map((_, i) => (i === axis ? given.size : 1)),
    );
  };
  const zero = context.optional(2)?.plain();
  const shifted = zero === undefined ? x : tf.sub(x, along(zero));
  return Value.of(tf.mul(tf.cast(shifted, "float32"), along(context.tensor(1))));
}

export const quantizationOperators: readonly OnnxOperator[] = [
  operator("DequantizeLinear", dequantize, { gradient: "integers" }),
];
