import { sub, type Tensor } from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { type DifferenceOptions, spacedValues } from "./finiteDifferences.ts";

type Symbol = tfl.SymbolicTensor;
type Layer = { apply(input: Symbol | Symbol[]): unknown };

export interface LayerCase {
  readonly name: string;
  readonly model: () => tfl.LayersModel;
  readonly input: () => Tensor;
  readonly differences?: DifferenceOptions;
  /** False where tfjs's own forward pass is wrong and another test has the truth. */
  readonly comparable?: boolean;
}

function symbol(value: unknown): Symbol {
  if (value instanceof tfl.SymbolicTensor) return value;
  throw new Error("a layer gave no symbolic tensor");
}

/** input → layers, one after the other. */
function chain(shape: number[], create: () => Layer[]): () => tfl.LayersModel {
  return () => {
    const input = tfl.input({ shape });
    const output = create().reduce((value, layer) => symbol(layer.apply(value)), input);
    return tfl.model({ inputs: input, outputs: output });
  };
}

/** input → a dense layer and itself, joined by `join`. */
function joined(shape: number[], join: () => Layer, units = shape.at(-1) ?? 1): () => tfl.LayersModel {
  return () => {
    const input = tfl.input({ shape });
    const other = symbol(tfl.layers.dense({ units, activation: "tanh" }).apply(input));
    return tfl.model({ inputs: input, outputs: symbol(join().apply([input, other])) });
  };
}

const { layers } = tfl;
const smooth: DifferenceOptions = { step: 3e-3 };
const image = () => spacedValues([2, 8, 7, 2], 3, 0.02);
const text = () => spacedValues([2, 5, 3], 4, 0.06);
const flat = () => spacedValues([3, 6], 5, 0.2);
const volume = () => spacedValues([1, 4, 4, 5, 2], 6, 0.04);
const below = () => sub(spacedValues([1, 6, 6, 2], 8, 0.05), 4);

function onImage(name: string, create: () => Layer[]): LayerCase {
  return { name, model: chain([8, 7, 2], create), input: image, differences: smooth };
}
function onText(name: string, create: () => Layer[]): LayerCase {
  return { name, model: chain([5, 3], create), input: text, differences: smooth };
}
function onFlat(name: string, create: () => Layer[]): LayerCase {
  return { name, model: chain([6], create), input: flat, differences: smooth };
}
function onVolume(name: string, create: () => Layer[]): LayerCase {
  return { name, model: chain([4, 4, 5, 2], create), input: volume, differences: smooth };
}

const activations = [
  "softmax",
  "sigmoid",
  "tanh",
  "elu",
  "selu",
  "softplus",
  "softsign",
  "swish",
  "gelu",
  "mish",
] as const;

export const layerCases: readonly LayerCase[] = [
  ...activations.map((activation) => onFlat(`Dense, ${activation}`, () => [layers.dense({ units: 4, activation })])),
  onText("Dense over the last axis", () => [layers.dense({ units: 4, activation: "tanh" })]),
  onFlat("Activation", () => [layers.activation({ activation: "sigmoid" })]),
  onFlat("Softmax", () => [layers.softmax()]),
  onFlat("ReLU", () => [layers.reLU()]),
  onFlat("ReLU with a maximum", () => [layers.reLU({ maxValue: 1.05 })]),
  onFlat("LeakyReLU", () => [layers.leakyReLU({ alpha: 0.2 })]),
  onFlat("ELU", () => [layers.elu()]),
  onFlat("PReLU", () => [layers.prelu()]),
  onFlat("ThresholdedReLU", () => [layers.thresholdedReLU({ theta: 0.4 })]),
  onImage("Conv2D", () => [layers.conv2d({ filters: 3, kernelSize: 3, padding: "same" })]),
  onImage("Conv2D, strides", () => [layers.conv2d({ filters: 3, kernelSize: 3, strides: 2, padding: "same" })]),
  onImage("Conv2D, stride over the filter", () => [
    layers.conv2d({ filters: 3, kernelSize: 2, strides: 3, padding: "same" }),
  ]),
  onImage("Conv2D, dilated", () => [
    layers.conv2d({ filters: 3, kernelSize: [3, 2], dilationRate: 2, padding: "same" }),
  ]),
  onImage("Conv2D, 1×1", () => [layers.conv2d({ filters: 3, kernelSize: 1, useBias: false, activation: "tanh" })]),
  onImage("Conv2DTranspose", () => [
    layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: "same" }),
  ]),
  onImage("DepthwiseConv2D", () => [layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same" })]),
  onImage("DepthwiseConv2D, strides", () => [layers.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: "valid" })]),
  onImage("SeparableConv2D", () => [layers.separableConv2d({ filters: 3, kernelSize: 3, activation: "tanh" })]),
  onText("Conv1D", () => [layers.conv1d({ filters: 4, kernelSize: 3, padding: "same", activation: "tanh" })]),
  onText("Conv1D, dilated", () => [layers.conv1d({ filters: 4, kernelSize: 2, dilationRate: 2 })]),
  onVolume("Conv3D", () => [layers.conv3d({ filters: 3, kernelSize: 2, padding: "same" })]),
  onVolume("Conv3D, strides", () => [
    layers.conv3d({ filters: 3, kernelSize: [2, 3, 2], strides: 2, padding: "valid" }),
  ]),
  onVolume("Conv3DTranspose", () => [layers.conv3dTranspose({ filters: 2, kernelSize: 2, strides: 2 })]),
  onImage("MaxPooling2D", () => [layers.maxPooling2d({ poolSize: 2, strides: 2 })]),
  onImage("AveragePooling2D, same", () => [layers.averagePooling2d({ poolSize: 3, strides: 2, padding: "same" })]),
  onImage("GlobalAveragePooling2D", () => [layers.globalAveragePooling2d({})]),
  onImage("GlobalMaxPooling2D", () => [layers.globalMaxPooling2d({})]),
  {
    name: "MaxPooling2D below zero",
    model: chain([6, 6, 2], () => [layers.maxPooling2d({ poolSize: 3, strides: 2 })]),
    input: below,
    differences: smooth,
  },
  onText("MaxPooling1D", () => [layers.maxPooling1d({ poolSize: 2 })]),
  onText("AveragePooling1D, same", () => [layers.averagePooling1d({ poolSize: 2, padding: "same" })]),
  onText("GlobalMaxPooling1D", () => [layers.globalMaxPooling1d()]),
  onText("GlobalAveragePooling1D", () => [layers.globalAveragePooling1d()]),
  onVolume("MaxPooling3D", () => [layers.maxPooling3d({ poolSize: 2 })]),
  onVolume("AveragePooling3D, same", () => [layers.averagePooling3d({ poolSize: 2, padding: "same" })]),
  onImage("BatchNormalization", () => [layers.batchNormalization()]),
  onImage("BatchNormalization without scale", () => [layers.batchNormalization({ scale: false })]),
  onImage("BatchNormalization without scale and center", () => [
    layers.batchNormalization({ scale: false, center: false }),
  ]),
  { ...onImage("BatchNormalization on axis 1", () => [layers.batchNormalization({ axis: 1 })]), comparable: false },
  onFlat("BatchNormalization of vectors", () => [layers.batchNormalization({ center: false })]),
  onText("LayerNormalization", () => [layers.layerNormalization()]),
  onImage("ZeroPadding2D", () => [
    layers.zeroPadding2d({
      padding: [
        [0, 1],
        [2, 1],
      ],
    }),
  ]),
  onImage("Cropping2D", () => [
    layers.cropping2D({
      cropping: [
        [1, 1],
        [0, 2],
      ],
    }),
  ]),
  onImage("UpSampling2D", () => [layers.upSampling2d({ size: [2, 3] })]),
  onImage("UpSampling2D, bilinear", () => [layers.upSampling2d({ size: [2, 3], interpolation: "bilinear" })]),
  onImage("Flatten and Dense", () => [layers.flatten(), layers.dense({ units: 2 })]),
  onImage("Permute", () => [layers.permute({ dims: [3, 1, 2] }), layers.activation({ activation: "tanh" })]),
  onImage("Reshape", () => [layers.reshape({ targetShape: [14, 8] }), layers.dense({ units: 2 })]),
  onFlat("RepeatVector", () => [layers.repeatVector({ n: 3 })]),
  onFlat("Dropout", () => [layers.dropout({ rate: 0.5 })]),
  onText("SimpleRNN", () => [layers.simpleRNN({ units: 4 })]),
  onText("LSTM", () => [layers.lstm({ units: 4, returnSequences: true })]),
  onText("GRU", () => [layers.gru({ units: 4 })]),
  onText("Bidirectional", () => [
    layers.bidirectional({ layer: tfl.layers.lstm({ units: 3, returnSequences: true }), mergeMode: "concat" }),
  ]),
  onText("TimeDistributed", () => [
    layers.timeDistributed({ layer: tfl.layers.dense({ units: 2, activation: "softmax" }) }),
  ]),
  onText("Masking before LSTM", () => [layers.masking({ maskValue: 0 }), layers.lstm({ units: 3 })]),
  { name: "Add", model: joined([6], () => layers.add()), input: flat, differences: smooth },
  { name: "Multiply", model: joined([6], () => layers.multiply()), input: flat, differences: smooth },
  { name: "Average", model: joined([6], () => layers.average()), input: flat, differences: smooth },
  { name: "Maximum", model: joined([6], () => layers.maximum()), input: flat, differences: smooth },
  { name: "Minimum", model: joined([6], () => layers.minimum()), input: flat, differences: smooth },
  { name: "Concatenate", model: joined([6], () => layers.concatenate(), 3), input: flat, differences: smooth },
  { name: "Dot", model: joined([6], () => layers.dot({ axes: 1 })), input: flat, differences: smooth },
];
