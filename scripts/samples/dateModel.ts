import { initializers, input, type LayersModel, layers, model, SymbolicTensor } from "@tensorflow/tfjs-layers";
import { SOURCE_LENGTH, TARGET_LENGTH, targetVocabulary } from "./dateVocabulary.ts";

const WIDTH = 64;
const CHARACTER = 16;

/**
 * An encoder–decoder with attention (Luong et al., 2015): three convolutions read the source, one the characters
 * written so far; what it makes of them asks the source, and both say the next character. Inputs `encoder_ids` [batch, 24] and
 * `decoder_ids` [batch, 12]; output [batch, 12, 14] logits, row t of the character after t fed ones.
 */
export function buildDateModel(vocabulary: number, seed: number): LayersModel {
  let draws = seed;
  const glorot = () => initializers.glorotUniform({ seed: draws++ });
  const dense = (name: string, units: number, activation?: "tanh") =>
    layers.dense({ name, units, kernelInitializer: glorot(), ...(activation === undefined ? {} : { activation }) });
  const read = (name: string, kernelSize: number) =>
    layers.conv1d({
      name,
      filters: WIDTH,
      kernelSize,
      padding: "same",
      activation: "relu",
      kernelInitializer: initializers.heNormal({ seed: draws++ }),
    });
  const embedding = (name: string, inputDim: number, outputDim: number) =>
    layers.embedding({
      name,
      inputDim,
      outputDim,
      embeddingsInitializer: initializers.randomNormal({ stddev: 0.1, seed: draws++ }),
    });

  const source = input({ name: "encoder_ids", shape: [SOURCE_LENGTH], dtype: "int32" });
  const near = join(read("near", 5), join(embedding("source-embedding", vocabulary, 32), source));
  const wider = join(read("wider", 5), join(read("wide", 5), near));
  const states = join(layers.concatenate({ name: "source-states" }), [near, wider]);

  const written = input({ name: "decoder_ids", shape: [TARGET_LENGTH], dtype: "int32" });
  const characters = join(embedding("target-embedding", targetVocabulary.length, CHARACTER), written);
  const seen = join(
    layers.conv2d({
      name: "writer",
      filters: WIDTH,
      kernelSize: [TARGET_LENGTH, 1],
      activation: "relu",
      kernelInitializer: initializers.heNormal({ seed: draws++ }),
    }),
    // All characters up to each position and none behind it: the padding stands in front only.
    join(
      layers.zeroPadding2d({
        name: "before",
        padding: [
          [TARGET_LENGTH - 1, 0],
          [0, 0],
        ],
      }),
      join(layers.reshape({ name: "rows", targetShape: [TARGET_LENGTH, 1, CHARACTER] }), characters),
    ),
  );
  const state = join(
    dense("state", WIDTH, "tanh"),
    join(layers.reshape({ name: "columns", targetShape: [TARGET_LENGTH, WIDTH] }), seen),
  );
  // Two questions, since the softmax of one may settle on the wrong place early on, and then has no gradient to leave it.
  const contexts = ["first", "second"].map((name) => {
    const scores = join(layers.dot({ name: `${name}-scores`, axes: [2, 2] }), [
      join(dense(`${name}-query`, WIDTH / 2), state),
      join(dense(`${name}-key`, WIDTH / 2), states),
    ]);
    const attention = join(layers.activation({ name: `${name}-attention`, activation: "softmax" }), scores);
    return join(layers.dot({ name: `${name}-context`, axes: [2, 1] }), [attention, states]);
  });
  const joined = join(layers.concatenate({ name: "joined" }), [state, ...contexts]);
  const logits = join(dense("characters", targetVocabulary.length), join(dense("mixed", WIDTH, "tanh"), joined));
  return model({ name: "dates", inputs: [source, written], outputs: logits });
}

function join(layer: layers.Layer, inputs: SymbolicTensor | SymbolicTensor[]): SymbolicTensor {
  const output = layer.apply(inputs);
  if (output instanceof SymbolicTensor) return output;
  throw new Error(`The layer ${layer.name} does not have one output.`);
}
