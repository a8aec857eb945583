import * as tfl from "@tensorflow/tfjs-layers";
import { spacedValues } from "./finiteDifferences.ts";
import { chain, type LayerCase, layers, onText, smooth, symbol, text } from "./layerCase.ts";

type Recurrent = "simpleRNN" | "gru" | "lstm";
const recurrent: readonly Recurrent[] = ["simpleRNN", "gru", "lstm"];
const mergeModes = ["concat", "sum", "mul", "ave"] as const;
const frames = () => spacedValues([1, 3, 5, 4, 2], 7, 0.02);

function onFrames(name: string, create: () => ReturnType<typeof layers.convLstm2d>[]): LayerCase {
  return { name, model: chain([3, 5, 4, 2], create), input: frames, differences: smooth };
}

/** Both outputs of a bidirectional layer without a merge, or an output and its states. */
function several(name: string, create: () => { apply(input: tfl.SymbolicTensor): unknown }): LayerCase {
  const model = () => {
    const input = tfl.input({ shape: [5, 3] });
    const outputs = create().apply(input);
    if (!Array.isArray(outputs)) throw new Error("several outputs are wanted");
    return tfl.model({ inputs: input, outputs: outputs.map(symbol) });
  };
  return { name, model, input: text, differences: smooth };
}

/** An encoder whose states start a decoder that reads the same sequence. */
function encoderDecoder(kind: "gru" | "lstm"): LayerCase {
  const model = () => {
    const input = tfl.input({ shape: [5, 3] });
    const encoded: unknown = layers[kind]({ units: 4, returnState: true, name: "encoder" }).apply(input);
    if (!Array.isArray(encoded)) throw new Error("states are wanted");
    const states = encoded.slice(1).map(symbol);
    const decoder = layers[kind]({ units: 4, returnSequences: true, name: "decoder" });
    return tfl.model({ inputs: input, outputs: symbol(decoder.apply(input, { initialState: states })) });
  };
  return { name: `${kind}, started by another's states`, model, input: text, differences: smooth };
}

function cells() {
  return [layers.gruCell({ units: 3, recurrentActivation: "sigmoid" }), layers.lstmCell({ units: 4 })];
}

export const sequenceCases: readonly LayerCase[] = [
  ...recurrent.flatMap((kind) => [
    onText(`${kind}`, () => [layers[kind]({ units: 4 })]),
    onText(`${kind}, sequences`, () => [layers[kind]({ units: 4, returnSequences: true })]),
    onText(`${kind}, backwards`, () => [layers[kind]({ units: 4, goBackwards: true, returnSequences: true })]),
    onText(`${kind}, stacked`, () => [layers[kind]({ units: 4, returnSequences: true }), layers[kind]({ units: 3 })]),
    onText(`${kind}, without bias, other activation`, () => [
      layers[kind]({ units: 4, useBias: false, activation: "softsign" }),
    ]),
    onText(`${kind}, with dropout`, () => [layers[kind]({ units: 4, dropout: 0.3, recurrentDropout: 0.3 })]),
    onText(`${kind}, masked`, () => [layers.masking({ maskValue: 0 }), layers[kind]({ units: 3 })]),
    several(`${kind}, with states`, () => layers[kind]({ units: 4, returnState: true })),
    ...mergeModes.map((mergeMode) =>
      onText(`Bidirectional ${kind}, ${mergeMode}`, () => [
        layers.bidirectional({ layer: layers[kind]({ units: 3, returnSequences: true }), mergeMode }),
      ]),
    ),
    onText(`Bidirectional ${kind}, last step`, () => [
      layers.bidirectional({ layer: layers[kind]({ units: 3 }), mergeMode: "concat" }),
    ]),
  ]),
  ...(["sigmoid", "hardSigmoid", "tanh"] as const).flatMap((recurrentActivation) => [
    onText(`gru, ${recurrentActivation} gates`, () => [layers.gru({ units: 4, recurrentActivation })]),
    onText(`lstm, ${recurrentActivation} gates`, () => [
      layers.lstm({ units: 4, recurrentActivation, unitForgetBias: false }),
    ]),
  ]),
  onText("lstm, implementation 2", () => [layers.lstm({ units: 4, implementation: 2 })]),
  onText("gru, implementation 2", () => [layers.gru({ units: 4, implementation: 2 })]),
  several("Bidirectional lstm, no merge", () => {
    const layer = layers.bidirectional({
      layer: layers.lstm({ units: 3, returnSequences: true }),
      mergeMode: "concat",
    });
    // What Keras writes for it, and the typings leave out.
    Reflect.set(layer, "mergeMode", null);
    return layer;
  }),
  encoderDecoder("gru"),
  encoderDecoder("lstm"),
  onText("RNN of a SimpleRNNCell", () => [layers.rnn({ cell: layers.simpleRNNCell({ units: 4 }) })]),
  onText("RNN of a GRUCell", () => [
    layers.rnn({ cell: cells()[0] ?? layers.gruCell({ units: 3 }), returnSequences: true }),
  ]),
  onText("RNN of an LSTMCell", () => [layers.rnn({ cell: layers.lstmCell({ units: 4 }), goBackwards: true })]),
  onText("RNN of StackedRNNCells", () => [layers.rnn({ cell: layers.stackedRNNCells({ cells: cells() }) })]),
  onText("TimeDistributed Dense", () => [
    layers.timeDistributed({ layer: layers.dense({ units: 2, activation: "softmax" }) }),
  ]),
  onText("TimeDistributed BatchNormalization", () => [layers.timeDistributed({ layer: layers.batchNormalization() })]),
  {
    name: "TimeDistributed Conv2D",
    model: chain([3, 5, 4, 2], () => [
      layers.timeDistributed({ layer: layers.conv2d({ filters: 2, kernelSize: 2, activation: "tanh" }) }),
    ]),
    input: frames,
    differences: smooth,
  },
  {
    name: "TimeDistributed model",
    model: chain([3, 5, 4, 2], () => [
      layers.timeDistributed({
        layer: tfl.sequential({
          layers: [
            layers.conv2d({ filters: 2, kernelSize: 2, inputShape: [5, 4, 2] }),
            layers.flatten(),
            layers.dense({ units: 3, activation: "tanh" }),
          ],
        }),
      }),
    ]),
    input: frames,
    differences: smooth,
  },
  onFrames("ConvLSTM2D", () => [layers.convLstm2d({ filters: 2, kernelSize: 2 })]),
  onFrames("ConvLSTM2D, sequences, same, sigmoid gates", () => [
    layers.convLstm2d({
      filters: 2,
      kernelSize: 3,
      padding: "same",
      returnSequences: true,
      recurrentActivation: "sigmoid",
    }),
  ]),
  {
    name: "RNN of a ConvLSTM2DCell by its layer, backwards",
    model: chain([3, 5, 4, 2], () => [layers.convLstm2d({ filters: 2, kernelSize: 2, goBackwards: true })]),
    input: frames,
    differences: smooth,
  },
];
