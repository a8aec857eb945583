import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { z } from "zod";
import type { Layer } from "../../layers/layerFields.ts";
import { EinsumDense } from "../../layers/own/einsumDense.ts";
import { Flatten } from "../../layers/own/flatten.ts";
import { Identity } from "../../layers/own/identity.ts";
import { Softmax } from "../../layers/own/softmax.ts";
import { TimeDistributed } from "../../layers/own/timeDistributed.ts";
import { ValueLayer } from "../../layers/own/valueLayer.ts";
import { elu, kerasActivation, leakyRelu } from "../activations.ts";
import type { LayerNode } from "../config/layerNode.ts";
import { activationName, flag, readConfig, units, unsupported } from "../config/readConfig.ts";
import type { LayerBuilder } from "./builtLayer.ts";

const { layers } = tfl;

/** Puts Keras's activation in place of tfjs's, which knows fewer and computes some of them differently. */
export function withActivation(layer: Layer, node: LayerNode, activation: unknown): Layer {
  Reflect.set(layer, "activation", kerasActivation(node, activation));
  return layer;
}

/** A layer of values whose output is masked where its input is, as Keras's activation layers are. */
function values(node: LayerNode, fn: (x: tf.Tensor) => tf.Tensor): Layer {
  const layer = new ValueLayer(node.name, node.className, fn);
  layer.handsMaskOn = true;
  return layer;
}

/** What does nothing in inference. Layers that know nothing of masks end them. */
function identity(handsMaskOn: boolean): LayerBuilder {
  return (node) => {
    const layer = new Identity(node.name, node.className);
    layer.handsMaskOn = handsMaskOn;
    return layer;
  };
}

const number = z.number();

export const coreLayers: Readonly<Record<string, LayerBuilder>> = {
  Dense: (node, _inputs, { initializer }) => {
    const {
      units: size,
      activation,
      use_bias,
    } = readConfig(node, {
      units,
      activation: activationName,
      use_bias: flag.default(true),
    });
    const zeros = { kernelInitializer: initializer, biasInitializer: initializer };
    return withActivation(
      layers.dense({ name: node.name, units: size, useBias: use_bias, ...zeros }),
      node,
      activation,
    );
  },
  EinsumDense: (node, [input], { initializer }) => {
    const { equation, output_shape, bias_axes, activation } = readConfig(node, {
      equation: z.string(),
      output_shape: z.union([units.transform((size): (number | null)[] => [size]), z.array(units.nullable())]),
      bias_axes: z.string().optional(),
      activation: activationName,
    });
    const found = /^(\.\.\.)?([a-z]+),([a-z]+)->(\.\.\.)?([a-z]+)$/i.exec(equation.replaceAll(" ", ""));
    const [, , from = "", kernel = "", , to = ""] = found ?? [];
    const shared = [...from].filter((label) => kernel.includes(label)).length;
    const free = from.slice(0, from.length - shared);
    const created = kernel.slice(shared);
    const plain = from.slice(from.length - shared) === kernel.slice(0, shared) && to === free + created;
    if (found === null || found[1] !== found[4] || shared === 0 || !plain)
      throw unsupported(node, `equation = ${equation}`);
    const outputs = output_shape.slice(-created.length).map((size) => size ?? 0);
    const bias =
      bias_axes === undefined
        ? undefined
        : [...created].map((label, i) => (bias_axes.includes(label) ? (outputs[i] ?? 1) : 1));
    if (input === undefined || outputs.length !== created.length || outputs.includes(0))
      throw unsupported(node, "output_shape");
    while (bias?.[0] === 1 && bias.length > 1) bias.shift();
    if (bias_axes !== undefined && [...bias_axes].some((label) => !created.includes(label)))
      throw unsupported(node, `bias_axes = ${bias_axes}`);
    const options = { contracted: shared, outputs, bias };
    return new EinsumDense(node.name, options, kerasActivation(node, activation), initializer);
  },
  Embedding: (node, _inputs, { initializer }) => {
    const { input_dim, output_dim, mask_zero } = readConfig(node, {
      input_dim: units,
      output_dim: units,
      mask_zero: flag.default(false),
    });
    return layers.embedding({
      name: node.name,
      inputDim: input_dim,
      outputDim: output_dim,
      maskZero: mask_zero,
      embeddingsInitializer: initializer,
    });
  },
  Activation: (node) => {
    const { activation } = readConfig(node, { activation: activationName });
    return withActivation(layers.activation({ name: node.name, activation: "linear" }), node, activation);
  },
  Softmax: (node) => {
    const { axis } = readConfig(node, {
      axis: z.union([z.int().transform((each) => [each]), z.array(z.int()).min(1)]).default([-1]),
    });
    const layer = new Softmax(node.name, axis);
    layer.handsMaskOn = true;
    return layer;
  },
  ReLU: (node) => {
    const {
      max_value: most,
      negative_slope: slope,
      threshold,
    } = readConfig(node, {
      max_value: number.nonnegative().optional(),
      negative_slope: number.nonnegative().default(0),
      threshold: number.nonnegative().default(0),
    });
    return values(node, (x) => {
      // max(x, threshold), cut at the largest value, and a slope below the threshold.
      const above = threshold === 0 ? tf.relu(x) : tf.where(tf.greater(x, threshold), x, tf.zerosLike(x));
      const cut = most === undefined ? above : tf.clipByValue(above, 0, most);
      return slope === 0 ? cut : tf.sub(cut, tf.mul(slope, tf.relu(tf.sub(threshold, x))));
    });
  },
  LeakyReLU: (node) => {
    const { negative_slope, alpha } = readConfig(node, { negative_slope: number.optional(), alpha: number.optional() });
    const slope = negative_slope ?? alpha ?? 0.3;
    return values(node, (x) => leakyRelu(x, slope));
  },
  ELU: (node) => {
    const { alpha } = readConfig(node, { alpha: number.default(1) });
    return values(node, (x) => elu(x, alpha));
  },
  ThresholdedReLU: (node) => {
    const { theta } = readConfig(node, { theta: number.nonnegative().default(1) });
    return values(node, (x) => tf.where(tf.greater(x, theta), x, tf.zerosLike(x)));
  },
  PReLU: (node, _inputs, { initializer }) => {
    const { shared_axes } = readConfig(node, { shared_axes: z.array(units).optional() });
    return layers.prelu({
      name: node.name,
      alphaInitializer: initializer,
      ...(shared_axes === undefined ? {} : { sharedAxes: shared_axes }),
    });
  },
  Masking: (node) => {
    const { mask_value } = readConfig(node, { mask_value: number.default(0) });
    return layers.masking({ name: node.name, maskValue: mask_value });
  },
  Flatten: (node) => {
    readConfig(node, { data_format: z.literal("channels_last").default("channels_last") });
    return new Flatten(node.name);
  },
  Reshape: (node) => {
    const { target_shape } = readConfig(node, { target_shape: z.array(z.int()) });
    return layers.reshape({ name: node.name, targetShape: target_shape });
  },
  Permute: (node) => {
    const { dims } = readConfig(node, { dims: z.array(units) });
    return layers.permute({ name: node.name, dims });
  },
  RepeatVector: (node) => {
    const { n } = readConfig(node, { n: units });
    return layers.repeatVector({ name: node.name, n });
  },
  TimeDistributed: (node, [input], { inner }) => {
    readConfig(node, { layer: z.unknown().optional() });
    const wrapped = node.wrapped.get("layer");
    if (wrapped === undefined || input === undefined) throw unsupported(node, "no layer inside");
    const [batch = null, , ...rest] = input.shape;
    const built = inner(wrapped, [batch, ...rest]);
    const layer = new TimeDistributed(node.name, built.layer);
    const children = [{ names: ["layer"], store: built.store }];
    return {
      layer,
      store: { className: node.className, path: node.path, trainable: node.trainable, variables: () => [], children },
    };
  },
  Identity: (node) => {
    readConfig(node, {});
    const layer = new Identity(node.name, node.className);
    layer.handsMaskOn = node.generation === 3;
    return layer;
  },
  ...Object.fromEntries(
    [
      "Dropout",
      "SpatialDropout1D",
      "SpatialDropout2D",
      "SpatialDropout3D",
      "AlphaDropout",
      "GaussianDropout",
      "GaussianNoise",
      "ActivityRegularization",
    ].map((name) => [name, identity(true)]),
  ),
  ...Object.fromEntries(
    [
      "RandomFlip",
      "RandomRotation",
      "RandomZoom",
      "RandomTranslation",
      "RandomContrast",
      "RandomBrightness",
      "RandomShear",
      "RandomHue",
      "RandomSaturation",
      "RandomSharpness",
      "RandomGrayscale",
      "RandomInvert",
      "RandomErasing",
      "RandomPosterization",
      "RandomColorJitter",
      "RandomColorDegeneration",
      "RandomGaussianBlur",
      "RandomPerspective",
      "RandomElasticTransform",
      "RandAugment",
      "AugMix",
    ].map((name) => [name, identity(false)]),
  ),
};
