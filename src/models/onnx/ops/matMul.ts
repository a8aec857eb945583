import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { Value } from "../value.ts";
import { expandTo } from "./expandTo.ts";
import { sizeOf } from "./onHost.ts";

/**
 * Product as NumPy's matmul has it: ranks from 1, batch axes repeated. A right side of rank 2 is multiplied once with
 * all rows. tfjs's own repetition of batch axes is wrong where both sides have them (it takes the index modulo the
 * smaller count), so sides are written out to the same batch.
 */
export function matMul(left: tf.Tensor, right: tf.Tensor): tf.Tensor {
  const a = left.rank === 1 ? tf.reshape(left, [1, -1]) : left;
  const b = right.rank === 1 ? tf.reshape(right, [-1, 1]) : right;
  const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
  const [rows = 1, inner = 1] = a.shape.slice(-2);
  const [innerB = 1, columns = 1] = b.shape.slice(-2);
  if (inner !== innerB) throw new Error(`[${left.shape.join(", ")}] times [${right.shape.join(", ")}]`);
  const shape = [...batch, ...(left.rank === 1 ? [] : [rows]), ...(right.rank === 1 ? [] : [columns])];
  if (sizeOf(shape) === 0 || inner === 0) return tf.zeros(shape);
  if (sizeOf(batchB) === 1) {
    return tf.reshape(tf.matMul(tf.reshape(a, [-1, inner]), tf.reshape(b, [inner, columns])), shape);
  }
  const count = sizeOf(batch);
  const product = tf.matMul(
    tf.reshape(expandTo(a, [...batch, rows, inner]), [count, rows, inner]),
    tf.reshape(expandTo(b, [...batch, inner, columns]), [count, inner, columns]),
  );
  return tf.reshape(product, shape);
}

/** The input, its last two axes exchanged if `transposed`; a weight is turned once. */
function side(context: OpContext, index: number, transposed: boolean): tf.Tensor {
  const value = context.value(index);
  if (value.dtype !== "float32")
    throw context.unsupported("floating-point numbers", `input ${index} of ${value.dtype}`);
  if (!transposed) return value.plain();
  const rank = value.shape.length;
  const axes = value.shape.map((_, axis) => (axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis));
  const turn = (x: tf.Tensor) => tf.transpose(x, axes);
  return value.isConstant ? value.derived("last two axes exchanged", turn) : turn(value.plain());
}

function scaled(x: tf.Tensor, factor: number): tf.Tensor {
  return factor === 1 ? x : tf.mul(x, factor);
}

/** alpha·A·B + beta·C. */
function gemm(context: OpContext): Value {
  const { attributes } = context;
  const product = matMul(side(context, 0, attributes.flag("transA")), side(context, 1, attributes.flag("transB")));
  const y = scaled(product, attributes.number("alpha", 1));
  if (context.optional(2) === undefined) return Value.of(tf.clone(y));
  return Value.of(tf.add(y, scaled(context.tensor(2), attributes.number("beta", 1))));
}

function fusedMatMul(context: OpContext): Value {
  const { attributes } = context;
  if (attributes.flag("transBatchA") || attributes.flag("transBatchB")) {
    throw context.unsupported("batch axes in their place", "transBatchA or transBatchB");
  }
  const product = matMul(side(context, 0, attributes.flag("transA")), side(context, 1, attributes.flag("transB")));
  return Value.of(tf.clone(scaled(product, attributes.number("alpha", 1))));
}

export const matMulOperators: readonly OnnxOperator[] = [
  operator("MatMul", (context) => Value.of(matMul(side(context, 0, false), side(context, 1, false)))),
  operator("Gemm", gemm),
  operator("com.microsoft.FusedMatMul", fusedMatMul),
];
