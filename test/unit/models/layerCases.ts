import * as tfl from "@tensorflow/tfjs-layers";
import {
  below,
  chain,
  flat,
  joined,
  type LayerCase,
  layers,
  onFlat,
  onImage,
  onText,
  onVolume,
  smooth,
  text,
} from "./layerCase.ts";
import { sequenceCases } from "./sequenceCases.ts";

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
  { name: "Add", model: joined([6], () => layers.add()), input: flat, differences: smooth },
  { name: "Multiply", model: joined([6], () => layers.multiply()), input: flat, differences: smooth },
  { name: "Average", model: joined([6], () => layers.average()), input: flat, differences: smooth },
  { name: "Maximum", model: joined([6], () => layers.maximum()), input: flat, differences: smooth },
  { name: "Minimum", model: joined([6], () => layers.minimum()), input: flat, differences: smooth },
  { name: "Concatenate", model: joined([6], () => layers.concatenate(), 3), input: flat, differences: smooth },
  { name: "Dot", model: joined([6], () => layers.dot({ axes: 1 })), input: flat, differences: smooth },
  {
    name: "Dot, normalised",
    model: joined([6], () => layers.dot({ axes: 1, normalize: true })),
    input: flat,
    differences: smooth,
  },
  {
    name: "Dot of matrices",
    model: joined([5, 3], () => layers.dot({ axes: [2, 2] })),
    input: text,
    differences: smooth,
  },
  {
    ...onFlat("Dense, hardSigmoid", () => [layers.dense({ units: 4, activation: "hardSigmoid" })]),
    differences: { step: 3e-4 },
  },
  onFlat("Dense, linear", () => [layers.dense({ units: 4 })]),
  ...(["relu", "relu6", "gelu_new"] as const).map((activation) =>
    onFlat(`Dense, ${activation}`, () => [layers.dense({ units: 4, activation })]),
  ),
  onImage("PReLU with shared axes", () => [layers.prelu({ sharedAxes: [1, 2] })]),
  onText("SpatialDropout1D", () => [layers.spatialDropout1d({ rate: 0.4 }), layers.activation({ activation: "tanh" })]),
  onFlat("GaussianNoise", () => [layers.gaussianNoise({ stddev: 0.3 }), layers.activation({ activation: "tanh" })]),
  onFlat("GaussianDropout", () => [layers.gaussianDropout({ rate: 0.3 }), layers.activation({ activation: "tanh" })]),
  onFlat("AlphaDropout", () => [layers.alphaDropout({ rate: 0.3 }), layers.activation({ activation: "tanh" })]),
  onImage("Rescaling", () => [layers.rescaling({ scale: 0.3, offset: -0.2 })]),
  onText("LayerNormalization over two axes", () => [layers.layerNormalization({ axis: [1, 2] })]),
  onText("LayerNormalization without scale and centre", () => [
    layers.layerNormalization({ scale: false, center: false }),
  ]),
  onImage("ZeroPadding2D of one", () => [layers.zeroPadding2d({ padding: 1 })]),
  onImage("SeparableConv2D, strides and two filters a channel", () => [
    layers.separableConv2d({ filters: 3, kernelSize: 3, strides: 2, depthMultiplier: 2, padding: "same" }),
  ]),
  onImage("DepthwiseConv2D, dilated", () => [layers.depthwiseConv2d({ kernelSize: 3, dilationRate: 2 })]),
  onImage("Conv2DTranspose, valid, activation", () => [
    layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 3, activation: "tanh" }),
  ]),
  onVolume("Conv3D, dilated on one axis", () => [layers.conv3d({ filters: 2, kernelSize: 2, activation: "tanh" })]),
  onVolume("Conv3DTranspose, same", () => [
    layers.conv3dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: "same" }),
  ]),
  { name: "Sequential", model: sequential, input: flat, differences: smooth },
  ...sequenceCases,
];

function sequential(): tfl.LayersModel {
  const inner = tfl.sequential({ layers: [layers.dense({ units: 3, inputShape: [6], activation: "tanh" })] });
  return tfl.sequential({ layers: [inner, layers.dense({ units: 2 })] });
}
