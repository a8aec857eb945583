import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../common/errors.ts";
import { detached } from "../tape.ts";
import { activationOf, type Layer, layerField, weightOf } from "./layerFields.ts";
import { OwnLayer } from "./own/ownLayer.ts";

/**
 * Replaces the `call` of layers whose own one goes through ops that cannot be differentiated, or only at a price:
 * - Conv2D and Dense call fused ops, whose gradient computes that of the weights too, wanted or not (on wasm its kernel
 *   is missing);
 * - BatchNormalization without scale or center passes nothing where the tape needs a tensor;
 * - ThresholdedReLU multiplies with a comparison;
 * - LayerNormalization hands its own mean and variance to the op for batch normalization, whose gradient with respect to
 *   them costs memory in every other model;
 * - Masking multiplies with a comparison, which is taken as constant here: its derivative is zero wherever there is one.
 * - CenterCrop samples the picture, by an op without a gradient; it is a slice;
 * - Softmax over another axis than the last one is refused by tfjs.
 * The values stay the same.
 */
export function repairLayerCall(layer: Layer): void {
  const call = calls[layer.getClassName()];
  // Pathlight's own layers may be called like one of tfjs.
  if (call === undefined || layer instanceof OwnLayer) return;
  layer.call = (inputs) => tf.tidy(() => call(layer, single(inputs)));
}

type Call = (layer: Layer, input: tf.Tensor) => tf.Tensor;

const calls: Readonly<Record<string, Call>> = {
  Conv2D: (layer, input) => activate(layer, conv2d(layer, input)),
  Dense: (layer, input) => activate(layer, dense(layer, input)),
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  Masking: (layer, input) => {
    const value = layerField(layer, "maskValue");
    const present = tf.any(tf.notEqual(input, typeof value === "number" ? value : 0), -1, true);
    return tf.mul(input, tf.cast(detached(present), "float32"));
  },
  CenterCrop: centerCrop,
  Softmax: softmax,
  ThresholdedReLU: (layer, input) => {
    const theta = layerField(layer, "theta");
    return tf.where(tf.greater(input, typeof theta === "number" ? theta : 1), input, tf.zerosLike(input));
  },
};

function activate(layer: Layer, value: tf.Tensor): tf.Tensor {
  const activation = activationOf(layer);
  return activation === undefined ? value : activation.apply(value);
}

function conv2d(layer: Layer, input: tf.Tensor): tf.Tensor {
  const kernel = rank4(kernelOf(layer));
  const { strides, dilationRate, padding, dataFormat } = layer.getConfig();
  const channelsFirst = dataFormat === "channelsFirst";
  const x = channelsFirst ? tf.transpose(input, [0, 2, 3, 1]) : input;
  const pad = padding === "same" ? "same" : "valid";
  const y = tf.conv2d(rank4(x), kernel, pair(strides), pad, "NHWC", pair(dilationRate));
  const biased = addBias(layer, y);
  return channelsFirst ? tf.transpose(biased, [0, 3, 1, 2]) : biased;
}

/** [..., height, width, channels] to the layer's height and width, as much off before as after, or one less. */
function centerCrop(layer: Layer, input: tf.Tensor): tf.Tensor {
  const sizes = ["height", "width"].map((name) => Number(layerField(layer, name)));
  const present = input.shape.slice(-3, -1);
  const rests = sizes.map((size, i) => (present[i] ?? 0) - size);
  if (rests.some((rest) => rest < 0)) {
    throw new PathlightError("model-unsupported-shape", `The layer ${layer.name} would have to enlarge its input.`, {
      expected: `at least ${sizes.join(" × ")}`,
      found: present.join(" × "),
      whatToDo: "Give larger pictures, or use a Resizing layer in the model.",
    });
  }
  const begin = rests.map((rest) => Math.floor(rest / 2));
  const outer = input.shape.slice(0, -3);
  return tf.slice(input, [...outer.map(() => 0), ...begin, 0], [...outer, ...sizes, -1]);
}

function softmax(layer: Layer, input: tf.Tensor): tf.Tensor {
  const field = layerField(layer, "axis");
  const last = input.rank - 1;
  const axis = typeof field === "number" ? (field + input.rank) % input.rank : last;
  const order = input.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
  return axis === last ? tf.softmax(input) : tf.transpose(tf.softmax(tf.transpose(input, order)), order);
}

/** [..., inputs] × [inputs, units]; only the last axis is contracted. */
function dense(layer: Layer, input: tf.Tensor): tf.Tensor {
  const kernel = kernelOf(layer);
  const [size = 1, units = 1] = kernel.shape;
  const flat = input.rank === 2 ? input : tf.reshape(input, [-1, size]);
  const product = tf.matMul(flat, kernel);
  return addBias(layer, input.rank === 2 ? product : tf.reshape(product, [...input.shape.slice(0, -1), units]));
}

/** In inference: (x − mean)/√(variance + ε)·gamma + beta over the layer's axis. */
function batchNormalization(layer: Layer, input: tf.Tensor): tf.Tensor {
  const { axis, epsilon } = layer.getConfig();
  const mean = weightOf(layer, "moving_mean");
  const variance = weightOf(layer, "moving_variance");
  if (mean === undefined || variance === undefined) throw weightMissing(layer, "moving_mean and moving_variance");
  const channelAxis = typeof axis === "number" ? (axis + input.rank) % input.rank : input.rank - 1;
  const gamma = weightOf(layer, "gamma") ?? tf.onesLike(variance);
  const beta = weightOf(layer, "beta") ?? tf.zerosLike(mean);
  const e = typeof epsilon === "number" ? epsilon : 1e-3;
  if (channelAxis === input.rank - 1 && input.rank <= 4) return tf.batchNorm(input, mean, variance, beta, gamma, e);
  const shape = input.shape.map((size, i) => (i === channelAxis ? size : 1));
  const aligned = (weight: tf.Tensor) => tf.reshape(weight, shape);
  const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, e)));
  return tf.add(tf.mul(tf.sub(input, aligned(mean)), aligned(scale)), aligned(beta));
}

/** (x − mean)/√(variance + ε)·gamma + beta, mean and variance over the layer's axes. */
function layerNormalization(layer: Layer, input: tf.Tensor): tf.Tensor {
  const { epsilon, axis } = layer.getConfig();
  const list: unknown[] = Array.isArray(axis) ? axis : [axis];
  const axes = list.map((each) => (Number(each) + input.rank) % input.rank);
  const mean = tf.mean(input, axes, true);
  const centered = tf.sub(input, mean);
  const variance = tf.mean(tf.square(centered), axes, true);
  const normal = tf.mul(centered, tf.rsqrt(tf.add(variance, typeof epsilon === "number" ? epsilon : 1e-3)));
  const shape = input.shape.map((size, i) => (axes.includes(i) ? size : 1));
  const gamma = weightOf(layer, "gamma");
  const beta = weightOf(layer, "beta");
  const scaled = gamma === undefined ? normal : tf.mul(normal, tf.reshape(gamma, shape));
  return beta === undefined ? scaled : tf.add(scaled, tf.reshape(beta, shape));
}

function addBias(layer: Layer, value: tf.Tensor): tf.Tensor {
  const bias = weightOf(layer, "bias");
  return bias === undefined ? value : tf.add(value, bias);
}

function kernelOf(layer: Layer): tf.Tensor {
  const kernel = weightOf(layer, "kernel");
  if (kernel === undefined) throw weightMissing(layer, "kernel");
  return kernel;
}

function weightMissing(layer: Layer, name: string): PathlightError {
  return new PathlightError("model-invalid", `The layer ${layer.name} has no ${name}.`, {
    expected: `the weights ${name}`,
    found: layer.weights.map((weight) => weight.originalName).join(", ") || "no weights",
    whatToDo: "Export the model again.",
  });
}

function single(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
  const tensor = Array.isArray(inputs) ? inputs[0] : inputs;
  if (tensor === undefined) throw new PathlightError("internal", "A layer was called without an input.");
  return tensor;
}

function rank4(tensor: tf.Tensor): tf.Tensor4D {
  const { shape } = tensor;
  const [batch = 1, height = 1, width = 1, channels = 1] = shape;
  return tf.reshape<tf.Rank.R4>(tensor, [batch, height, width, channels]);
}

function pair(value: unknown): [number, number] {
  const list: unknown[] = Array.isArray(value) ? value : [value, value];
  const [a, b = a] = list;
  return typeof a === "number" && typeof b === "number" ? [a, b] : [1, 1];
}
