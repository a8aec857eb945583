import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type GradientState, type OnnxOperator, operator } from "../operator.ts";
import { Value } from "../value.ts";
import { broadcastValues, mapValue } from "./layout.ts";

type Unary = (x: tf.Tensor, context: OpContext) => tf.Tensor;

function unary(name: string, f: Unary, gradient: GradientState = "yes"): OnnxOperator {
  return operator(name, (context) => mapValue(context.value(0), (x) => f(x, context)), { gradient });
}

const half = Math.SQRT1_2;

/** x·Φ(x), Φ by the error function or by its tanh approximation (Hendrycks, Gimpel: arXiv:1606.08415). */
export function gelu(x: tf.Tensor, approximate: boolean): tf.Tensor {
  if (approximate) {
    const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.mul(x, x)))));
    return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
  }
  return tf.mul(tf.mul(0.5, x), tf.add(1, tf.erf(tf.mul(x, half))));
}

function softmax(context: OpContext, f: (logits: tf.Tensor) => tf.Tensor): Value {
  const x = context.tensor(0);
  const rank = x.rank;
  const axis = context.axis(context.attributes.number("axis", context.version < 13 ? 1 : -1), rank);
  if (context.version < 13) {
    // Older operator sets take everything from the axis on as one.
    const rows = x.shape.slice(0, axis).reduce((product, side) => product * side, 1);
    return Value.of(tf.reshape(f(tf.reshape(x, [rows, -1])), x.shape));
  }
  if (axis === rank - 1) return Value.of(f(x));
  const turned = x.shape.map((_, i) => (i === axis ? rank - 1 : i === rank - 1 ? axis : i));
  return Value.of(tf.transpose(f(tf.transpose(x, turned)), turned));
}

/** log Σ exp, without tfjs's logSoftmax, which keeps the last axis only. */
const logSoftmax = (x: tf.Tensor) => tf.sub(x, tf.logSumExp(x, -1, true));

function elu(x: tf.Tensor, alpha: number): tf.Tensor {
  return alpha === 1 ? tf.elu(x) : tf.add(tf.relu(x), tf.mul(alpha, tf.elu(tf.minimum(x, 0))));
}

export const activationOperators: readonly OnnxOperator[] = [
  unary("Relu", (x) => tf.relu(x)),
  unary("LeakyRelu", (x, { attributes }) => tf.leakyRelu(x, attributes.number("alpha", 0.01))),
  unary("Sigmoid", (x) => tf.sigmoid(x)),
  unary("Tanh", (x) => tf.tanh(x)),
  unary("Elu", (x, { attributes }) => elu(x, attributes.number("alpha", 1))),
  unary("Celu", (x, { attributes }) => {
    const alpha = attributes.number("alpha", 1);
    return tf.add(tf.relu(x), tf.mul(alpha, tf.elu(tf.minimum(tf.div(x, alpha), 0))));
  }),
  unary("Selu", (x, { attributes }) => {
    const alpha = attributes.number("alpha", 1.6732632423543772);
    const gamma = attributes.number("gamma", 1.0507009873554805);
    return tf.mul(gamma, elu(x, alpha));
  }),
  unary("Softplus", (x) => tf.softplus(x)),
  unary("Softsign", (x) => tf.div(x, tf.add(1, tf.abs(x)))),
  unary("HardSigmoid", (x, { attributes }) => {
    const line = tf.add(tf.mul(x, attributes.number("alpha", 0.2)), attributes.number("beta", 0.5));
    return tf.clipByValue(line, 0, 1);
  }),
  unary("HardSwish", (x) => tf.mul(x, tf.clipByValue(tf.add(tf.mul(x, 1 / 6), 0.5), 0, 1))),
  unary("Mish", (x) => tf.mul(x, tf.tanh(tf.softplus(x)))),
  unary("ThresholdedRelu", (x, { attributes }) =>
    tf.where(tf.greater(x, attributes.number("alpha", 1)), x, tf.zerosLike(x)),
  ),
  unary("Gelu", (x, { attributes }) => gelu(x, attributes.text("approximate", "none") === "tanh")),
  unary("com.microsoft.Gelu", (x) => gelu(x, false)),
  unary("com.microsoft.QuickGelu", (x, { attributes }) =>
    tf.mul(x, tf.sigmoid(tf.mul(x, attributes.number("alpha", 1.702)))),
  ),
  unary("Erf", (x) => tf.erf(x)),
  operator("PRelu", (context) =>
    broadcastValues([context.value(0), context.value(1)], (x, slope = x) =>
      tf.sub(tf.relu(x), tf.mul(slope, tf.relu(tf.neg(x)))),
    ),
  ),
  operator("Softmax", (context) => softmax(context, (x) => tf.softmax(x))),
  operator("LogSoftmax", (context) => softmax(context, logSoftmax)),
  // In inference nothing is dropped; the mask, if somebody asks for it, keeps all.
  operator("Dropout", (context) => [
    mapValue(context.value(0), (x) => tf.clone(x)),
    Value.of(tf.ones([...context.value(0).shape], "bool")),
  ]),
];
