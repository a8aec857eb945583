import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../../opContext.ts";

export type Activation = (x: tf.Tensor) => tf.Tensor;

interface Form {
  /** Constants that the function has, with their defaults. */
  readonly alpha?: number;
  readonly beta?: number;
  readonly f: (x: tf.Tensor, alpha: number, beta: number) => tf.Tensor;
}

/** By name in lower case: onnxruntime and exporters write them either way. */
const forms: Readonly<Record<string, Form>> = {
  sigmoid: { f: (x) => tf.sigmoid(x) },
  tanh: { f: (x) => tf.tanh(x) },
  relu: { f: (x) => tf.relu(x) },
  softsign: { f: (x) => tf.div(x, tf.add(1, tf.abs(x))) },
  softplus: { f: (x) => tf.softplus(x) },
  affine: { alpha: 1, beta: 0, f: (x, alpha, beta) => tf.add(tf.mul(alpha, x), beta) },
  leakyrelu: { alpha: 0.01, f: (x, alpha) => tf.leakyRelu(x, alpha) },
  thresholdedrelu: { alpha: 1, f: (x, alpha) => tf.where(tf.greater(x, alpha), x, tf.zerosLike(x)) },
  scaledtanh: { alpha: 1, beta: 1, f: (x, alpha, beta) => tf.mul(alpha, tf.tanh(tf.mul(beta, x))) },
  hardsigmoid: { alpha: 0.2, beta: 0.5, f: (x, alpha, beta) => tf.clipByValue(tf.add(tf.mul(alpha, x), beta), 0, 1) },
  elu: { alpha: 1, f: (x, alpha) => tf.add(tf.relu(x), tf.mul(alpha, tf.elu(tf.minimum(x, 0)))) },
};

/**
 * The functions that a recurrent node names, `otherwise` where it names none, repeated for each direction. Those with
 * constants take them from activation_alpha and activation_beta in turn.
 */
export function activations(context: OpContext, otherwise: readonly string[], directions: number): Activation[] {
  const { attributes } = context;
  const given = attributes.texts("activations") ?? [];
  const names = given.length > 0 ? given : Array.from({ length: directions }, () => otherwise).flat();
  if (names.length !== otherwise.length * directions) {
    throw context.unsupported(`${otherwise.length * directions} activations`, `${names.length}`);
  }
  const alphas = [...(attributes.numbers("activation_alpha") ?? [])];
  const betas = [...(attributes.numbers("activation_beta") ?? [])];
  return names.map((name) => {
    const form = forms[name.toLowerCase()];
    if (form === undefined) throw context.unsupported("an activation of ONNX's recurrent operators", name);
    const alpha = form.alpha === undefined ? 0 : (alphas.shift() ?? form.alpha);
    const beta = form.beta === undefined ? 0 : (betas.shift() ?? form.beta);
    return (x) => form.f(x, alpha, beta);
  });
}
