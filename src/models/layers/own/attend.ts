import * as tf from "@tensorflow/tfjs-core";
import type { Mask } from "./ownLayer.ts";

/** Added where a mask forbids: nothing is left of it after a softmax in float32. */
const forbidden = -1e9;

/** softmax(query·keyᵀ)·value over the last two axes; `mask` [..., T, S] is 1 where attention may go. */
export function attend(
  query: tf.Tensor,
  key: tf.Tensor,
  value: tf.Tensor,
  mask: Mask,
  zeroWhenMasked: boolean,
): tf.Tensor {
  return weigh(tf.matMul(query, key, false, true), value, mask, zeroWhenMasked);
}

/** softmax(scores)·value */
export function weigh(scores: tf.Tensor, value: tf.Tensor, mask: Mask, zeroWhenMasked: boolean): tf.Tensor {
  if (mask === null) return tf.matMul(tf.softmax(scores), value);
  const allowed = tf.cast(mask, "float32");
  const masked = tf.add(tf.mul(scores, allowed), tf.mul(tf.sub(1, allowed), forbidden));
  const weights = tf.softmax(masked);
  return tf.matMul(zeroWhenMasked ? tf.mul(weights, allowed) : weights, value);
}

/** [T, S]: a step sees itself and those before. */
export function causalMask(queries: number, values: number): tf.Tensor {
  return tf.linalg.bandPart(tf.ones([queries, values]), -1, 0);
}
