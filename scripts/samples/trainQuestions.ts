import { type Tensor, tensor2d, tidy, train } from "@tensorflow/tfjs-core";
import type { LayersModel, Sequential } from "@tensorflow/tfjs-layers";
import type { Chance } from "./chance.ts";
import type { Question } from "./questions.ts";
import { answerTypes } from "./questionTemplates.ts";
import { encode, MASK, PAD, QUESTION_LENGTH, UNKNOWN } from "./questionVocabulary.ts";

const BATCH = 64;

/**
 * Trains with word dropout: one word in seven becomes [UNK], one in twenty [MASK], so that both tokens have trained
 * embeddings and are fair baselines.
 */
export async function trainQuestions(
  model: Sequential,
  questions: readonly Question[],
  ids: ReadonlyMap<string, number>,
  epochs: number,
  chance: Chance,
  report: (epoch: number, loss: number) => void,
): Promise<void> {
  const optimizer = train.adam(0.002);
  model.compile({ optimizer, loss: (truth: Tensor, output: Tensor) => crossEntropy(truth, output) });
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const rows = chance.shuffled(questions);
    let [sum, batches] = [0, 0];
    for (let start = 0; start + BATCH <= rows.length; start += BATCH) {
      const part = rows.slice(start, start + BATCH);
      const tokens = part.flatMap(({ question }) => encode(question, ids).map((id) => dropped(id, chance)));
      const input = tensor2d(tokens, [BATCH, QUESTION_LENGTH]);
      const truth = tensor2d(
        part.flatMap(({ type }) => answerTypes.map((other) => (other === type ? 1 : 0))),
        [BATCH, answerTypes.length],
      );
      sum += Number(await model.trainOnBatch(input, truth));
      batches++;
      input.dispose();
      truth.dispose();
    }
    report(epoch, sum / batches);
  }
  optimizer.dispose();
}

function crossEntropy(truth: Tensor, output: Tensor): Tensor {
  return tidy(() => truth.mul(output.add(1e-7).log()).sum(-1).mean().neg());
}

function dropped(id: number, chance: Chance): number {
  if (id === PAD) return id;
  const draw = chance.uniform();
  if (draw < 0.15) return UNKNOWN;
  return draw < 0.2 ? MASK : id;
}

/** Probabilities of the six answer types, a row for each text. */
export function predictQuestions(
  model: LayersModel,
  texts: readonly string[],
  ids: ReadonlyMap<string, number>,
): number[][] {
  if (texts.length === 0) return [];
  const values = tidy(() => {
    const input = tensor2d(
      texts.flatMap((text) => encode(text, ids)),
      [texts.length, QUESTION_LENGTH],
    );
    const output = model.predict(input);
    if (Array.isArray(output)) throw new Error("The question model has one output.");
    return output.dataSync();
  });
  const width = answerTypes.length;
  return texts.map((_, at) => [...values.slice(at * width, (at + 1) * width)]);
}
