import * as tf from "@tensorflow/tfjs-core";
import { type DifferenceOptions, spacedValues } from "../finiteDifferences.ts";

/** A layer as Keras would configure it, called on inputs of these shapes (without the batch axis). */
export interface OwnLayerCase {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly shapes: readonly (readonly number[])[];
  readonly differences?: DifferenceOptions;
  /** Keyword arguments of the call. */
  readonly kwargs?: Readonly<Record<string, unknown>>;
  /** The layer inside, for wrappers. */
  readonly inner?: { readonly class_name: string; readonly config: Readonly<Record<string, unknown>> };
}

const text = [[5, 4]];
const image = [[6, 5, 4]];
const volume = [[3, 4, 3, 2]];
const flat = [[6]];
const pair = [
  [4, 3],
  [5, 3],
];

function on(
  shapes: readonly (readonly number[])[],
  className: string,
  config: Record<string, unknown> = {},
  more: Partial<OwnLayerCase> = {},
): OwnLayerCase {
  const options = Object.entries(config).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  return { name: [className, ...options].join(", "), className, config, shapes, ...more };
}

const activations =
  "relu relu6 elu selu celu softplus softsign tanh sigmoid log_sigmoid exponential silu swish hard_silu hard_sigmoid hard_tanh tanh_shrink squareplus gelu mish leaky_relu softmax log_softmax".split(
    " ",
  );

/** Every layer of src/models/layers/own, and every activation. */
export const ownLayerCases: readonly OwnLayerCase[] = [
  ...activations.map((activation) => on(flat, "Dense", { units: 4, activation })),
  on(flat, "Activation", { activation: "gelu" }),
  on(flat, "Identity"),
  on(flat, "RandomFlip"),
  on(flat, "ReLU", { max_value: 1.05, negative_slope: 0.1, threshold: 0.22 }),
  on(flat, "LeakyReLU", { negative_slope: 0.2 }),
  on(flat, "ELU", { alpha: 0.7 }),
  on(image, "Softmax", { axis: 1 }),
  on(image, "Softmax", { axis: [1, 2] }),
  on(image, "Flatten"),
  on(image, "LayerNormalization"),
  on(image, "LayerNormalization", { axis: [1, 3], epsilon: 1e-2 }),
  on(image, "RMSNormalization"),
  on(image, "GroupNormalization", { groups: 2 }),
  on(image, "GroupNormalization", { groups: 3, axis: 1 }),
  on(image, "UnitNormalization"),
  on(flat, "Normalization", { mean: 0.5, variance: 2 }),
  on(flat, "Normalization"),
  on(flat, "Normalization", { invert: true }),
  on(flat, "Rescaling", { scale: 2.5, offset: -1 }),
  on([[5, 3]], "SimpleRNN", { units: 4 }),
  on([[5, 3]], "LSTM", { units: 4, return_sequences: true }),
  on(
    [[5, 3]],
    "LSTM",
    { units: 3, go_backwards: true, recurrent_activation: "hard_sigmoid" },
    { differences: { step: 1e-3 } },
  ),
  on([[5, 3]], "GRU", { units: 4, reset_after: true }),
  on([[5, 3]], "GRU", { units: 4, reset_after: false, use_bias: false, return_sequences: true }),
  on(
    [[5, 3]],
    "Bidirectional",
    {},
    { inner: { class_name: "GRU", config: { units: 3, reset_after: true, return_sequences: true } } },
  ),
  on(
    [[5, 3]],
    "Bidirectional",
    { merge_mode: "mul" },
    { inner: { class_name: "LSTM", config: { units: 3 } }, differences: { step: 1e-2 } },
  ),
  on([[5, 3]], "TimeDistributed", {}, { inner: { class_name: "Dense", config: { units: 2, activation: "tanh" } } }),
  on(text, "MultiHeadAttention", { num_heads: 2, key_dim: 3, value_dim: 2 }),
  on(pair, "MultiHeadAttention", { num_heads: 2, key_dim: 2, output_shape: 3 }),
  on(text, "MultiHeadAttention", { num_heads: 1, key_dim: 3, dropout: 0.1 }, { kwargs: { use_causal_mask: true } }),
  on(pair, "Attention", { use_scale: true }),
  on(pair, "Attention", { score_mode: "concat", use_scale: true }, { differences: { step: 2e-2 } }),
  on(pair, "AdditiveAttention"),
  on(text, "Conv1D", { filters: 3, kernel_size: 3, padding: "causal", dilation_rate: 2 }),
  on(text, "Conv1D", { filters: 4, kernel_size: 2, strides: 2, groups: 2 }),
  on(text, "Conv1DTranspose", { filters: 3, kernel_size: 3, strides: 2, padding: "same" }),
  on(text, "DepthwiseConv1D", { kernel_size: 3, strides: 2, depth_multiplier: 2 }),
  on(text, "SeparableConv1D", { filters: 3, kernel_size: 3, padding: "same" }),
  on(image, "Conv2D", { filters: 4, kernel_size: 3, groups: 2, padding: "same" }),
  on(image, "DepthwiseConv2D", { kernel_size: 3, dilation_rate: 2, padding: "same" }),
  on(image, "DepthwiseConv2D", { kernel_size: 3, strides: 2, depth_multiplier: 2 }),
  on(image, "SeparableConv2D", { filters: 3, kernel_size: 3, activation: "tanh" }),
  on(text, "EinsumDense", { equation: "abc,cde->abde", output_shape: [null, 2, 3], bias_axes: "de" }),
  on(text, "ZeroPadding1D", { padding: [1, 2] }),
  on(image, "Cropping2D", {
    cropping: [
      [1, 2],
      [0, 1],
    ],
  }),
  on(volume, "ZeroPadding3D", { padding: 1 }),
  on(text, "UpSampling1D", { size: 3 }),
  on(image, "UpSampling2D", { size: [2, 3], interpolation: "bilinear" }),
  on(volume, "UpSampling3D", { size: [1, 2, 2] }),
  on(image, "Resizing", { height: 4, width: 8 }),
  on(image, "Resizing", { height: 4, width: 8, interpolation: "nearest" }),
  on(image, "GlobalAveragePooling2D", { keepdims: true }),
  on(image, "GlobalMaxPooling2D"),
  on(text, "SpatialDropout1D", { rate: 0.5 }),
  on([[6], [6]], "Add"),
  on([[6], [6]], "Subtract"),
  on([[6], [6]], "Multiply"),
  on([[6], [6]], "Average"),
  on([[6], [6]], "Maximum"),
  on([[6], [6]], "Minimum"),
  on(pair, "Concatenate", { axis: 1 }),
];

/** Values to be differentiated at: far enough apart that no maximum and no sign flips within a step. */
export function startingPoint(shape: readonly number[], seed: number): tf.Tensor {
  const size = shape.reduce((product, each) => product * each, 2);
  const base = spacedValues([2, ...shape], seed, Math.min(0.2, 3 / size));
  const shifted = tf.add(base, 0.02 * seed);
  base.dispose();
  return shifted;
}
