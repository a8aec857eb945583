import { initializers, layers, type Sequential, sequential } from "@tensorflow/tfjs-layers";
import { answerTypes } from "./questionTemplates.ts";
import { QUESTION_LENGTH } from "./questionVocabulary.ts";

/**
 * Embedding, one convolution over three tokens, the strongest place of each channel (Kim, 2014) and a softmax over the
 * six answer types. Input [batch, 32] token ids; output [batch, 6].
 */
export function buildQuestionModel(vocabulary: number, seed: number): Sequential {
  const model = sequential({ name: "question-classifier" });
  model.add(
    layers.embedding({
      name: "embedding",
      inputDim: vocabulary,
      outputDim: 32,
      inputLength: QUESTION_LENGTH,
      maskZero: false,
      embeddingsInitializer: initializers.randomNormal({ stddev: 0.1, seed }),
    }),
  );
  model.add(
    layers.conv1d({
      name: "phrases",
      filters: 64,
      kernelSize: 3,
      padding: "same",
      activation: "relu",
      kernelInitializer: initializers.heNormal({ seed: seed + 1 }),
    }),
  );
  model.add(layers.globalMaxPooling1d({ name: "strongest-place" }));
  model.add(
    layers.dense({
      name: "answer-type",
      units: answerTypes.length,
      activation: "softmax",
      kernelInitializer: initializers.glorotUniform({ seed: seed + 2 }),
    }),
  );
  return model;
}
