import * as tf from "@tensorflow/tfjs-core";
import { isRecord } from "../disk/readModelJson.ts";
import type { Activation } from "../layers/layerFields.ts";
import type { LayerNode } from "./config/layerNode.ts";
import { unknownLayer, unsupported } from "./config/readConfig.ts";

type Fn = (x: tf.Tensor) => tf.Tensor;

/** keras.activations, by name. What Keras 2 and 3 compute differently stands in `changed`. */
const functions: Readonly<Record<string, Fn>> = {
  linear: (x) => x,
  relu: tf.relu,
  relu6: tf.relu6,
  elu: tf.elu,
  selu: tf.selu,
  celu: (x) => celu(x, 1),
  softplus: softplus,
  softsign: (x) => tf.div(x, tf.add(1, tf.abs(x))),
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  log_sigmoid: (x) => tf.neg(softplus(tf.neg(x))),
  exponential: tf.exp,
  silu: silu,
  swish: silu,
  hard_silu: hardSilu,
  hard_swish: hardSilu,
  hard_tanh: (x) => tf.clipByValue(x, -1, 1),
  tanh_shrink: (x) => tf.sub(x, tf.tanh(x)),
  squareplus: (x) => tf.mul(0.5, tf.add(x, tf.sqrt(tf.add(tf.square(x), 4)))),
  gelu: (x) => gelu(x, false),
  mish: (x) => tf.mul(x, tf.tanh(softplus(x))),
  leaky_relu: (x) => leakyRelu(x, 0.2),
  softmax: (x) => tf.softmax(x),
  log_softmax: (x) => logSoftmax(x),
};

/** Keras 2's hard_sigmoid is a line of slope 0.2; Keras 3's is that of PyTorch. */
const changed: Readonly<Record<number, Readonly<Record<string, Fn>>>> = {
  2: { hard_sigmoid: (x) => tf.clipByValue(tf.add(tf.mul(x, 0.2), 0.5), 0, 1) },
  3: { hard_sigmoid: hardSigmoid },
};

/** relu6(x + 3)/6 */
export function hardSigmoid(x: tf.Tensor): tf.Tensor {
  return tf.div(tf.relu6(tf.add(x, 3)), 6);
}

export function hardSilu(x: tf.Tensor): tf.Tensor {
  return tf.mul(x, hardSigmoid(x));
}

export function silu(x: tf.Tensor): tf.Tensor {
  return tf.mul(x, tf.sigmoid(x));
}

/** log(1 + eˣ) = relu(x) + log(1 + e^−|x|), which neither overflows nor loses small values. */
export function softplus(x: tf.Tensor): tf.Tensor {
  return tf.add(tf.relu(x), tf.log1p(tf.exp(tf.neg(tf.abs(x)))));
}

/** x·Φ(x) by the error function, or its approximation by tanh (Hendrycks and Gimpel 2016). */
export function gelu(x: tf.Tensor, approximate: boolean): tf.Tensor {
  if (!approximate) return tf.mul(tf.mul(0.5, x), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
  const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x)))));
  return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
}

export function leakyRelu(x: tf.Tensor, slope: number): tf.Tensor {
  return tf.sub(tf.relu(x), tf.mul(slope, tf.relu(tf.neg(x))));
}

/** alpha·(eˣ − 1) below zero. */
export function elu(x: tf.Tensor, alpha: number): tf.Tensor {
  return tf.add(tf.relu(x), tf.mul(alpha, tf.expm1(tf.neg(tf.relu(tf.neg(x))))));
}

export function celu(x: tf.Tensor, alpha: number): tf.Tensor {
  return tf.add(tf.relu(x), tf.mul(alpha, tf.expm1(tf.div(tf.neg(tf.relu(tf.neg(x))), alpha))));
}

export function logSoftmax(x: tf.Tensor, axis = -1): tf.Tensor {
  const centred = tf.sub(x, largest(x, [axis]));
  return tf.sub(centred, tf.log(tf.sum(tf.exp(centred), axis, true)));
}

/** A shift that cancels out, so that the tape need not know of it. */
function largest(x: tf.Tensor, axes: readonly number[]): tf.Tensor {
  return tf.max(x, [...axes], true);
}

/**
 * The activation that a layer names: by name, as a serialized function, or as a layer in place of one. Throws
 * `model-unknown-op` for any other; nothing is ever looked up by the module that a file names.
 */
export function kerasActivation(node: LayerNode, value: unknown): Activation {
  if (value === undefined || value === null) return activation("linear", (x) => x);
  if (typeof value === "string") return byName(node, value);
  if (!isRecord(value)) throw unsupported(node, `activation = ${JSON.stringify(value)}`);
  const { class_name: className, config, registered_name: registered } = value;
  if (className === "function" && typeof config === "string") return byName(node, config);
  if (typeof className === "string" && isRecord(config)) {
    const number = (name: string, otherwise: number): number => {
      const given = config[name];
      return typeof given === "number" && Number.isFinite(given) ? given : otherwise;
    };
    switch (className) {
      case "LeakyReLU": {
        const slope = number("negative_slope", number("alpha", 0.3));
        return activation("leaky_relu", (x) => leakyRelu(x, slope));
      }
      case "ELU": {
        const alpha = number("alpha", 1);
        return activation("elu", (x) => elu(x, alpha));
      }
      case "Softmax":
        if (config["axis"] === -1 || config["axis"] === undefined) return byName(node, "softmax");
        break;
      case "Activation":
        return kerasActivation(node, config["activation"]);
    }
  }
  throw unknownLayer(node, `The activation ${String(registered ?? className)}`);
}

function byName(node: LayerNode, name: string): Activation {
  const fn = own(functions, name) ?? own(changed[node.generation] ?? {}, name);
  if (fn === undefined) throw unknownLayer(node, `The activation ${name}`);
  return activation(name, fn);
}

function own(table: Readonly<Record<string, Fn>>, name: string): Fn | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function activation(name: string, fn: Fn): Activation {
  return { apply: (x) => tf.tidy(() => (name === "linear" ? tf.clone(x) : fn(x))), getClassName: () => name };
}
