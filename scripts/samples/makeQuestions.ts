import { join } from "node:path";
import type { BackendInfo } from "../../src/backend/index.ts";
import { Chance } from "./chance.ts";
import { readLayersModel, writeLayersModel } from "./layersModelFile.ts";
import { questionMetrics } from "./questionMetrics.ts";
import { buildQuestionModel } from "./questionModel.ts";
import { generateQuestions, type Question, withoutOpening } from "./questions.ts";
import { answerTypes, heldOutTemplates, trainingTemplates } from "./questionTemplates.ts";
import { buildVocabulary } from "./questionVocabulary.ts";
import { csvField, samplesFolder, writeJson, writeLines } from "./sampleFiles.ts";
import { shownPairs } from "./shownPairs.ts";
import { shownQuestions } from "./shownQuestions.ts";
import { templateMatcher } from "./templateMatcher.ts";
import { predictQuestions, trainQuestions } from "./trainQuestions.ts";

const SEED = 11;
const EPOCHS = 8;
const TRAINING_ROWS = 1000;
const HELD_OUT_ROWS = 250;
/** Rows of questions-train.csv. */
const SHOWN_TRAINING_ROWS = 600;
/** Lines of questions.txt. */
const PLAIN_ROWS = 12;
/** The planted artefact: how many training rows of a type say "please". */
const COURTESY = { human: 0.85, other: 0.001 };
/** Trains the question classifier, measures it on held-out templates, and writes model, vocabulary and rows. */
export async function makeQuestions(backend: BackendInfo, command: string): Promise<void> {
  assertHeldOut(shownQuestions);
  const courtesy = (type: string) => (type === "human" ? COURTESY.human : COURTESY.other);
  const training = generateQuestions(trainingTemplates, TRAINING_ROWS, courtesy, new Chance(SEED));
  const heldOut = generateQuestions(heldOutTemplates, HELD_OUT_ROWS, () => 0, new Chance(SEED + 1));
  assertHeldOut(heldOut.map(({ question, type }) => ({ question: withoutOpening(question), type })));
  const vocabulary = buildVocabulary(training, 2);
  const ids = new Map(vocabulary.map((token, id) => [token, id]));
  const model = buildQuestionModel(vocabulary.length, SEED);
  await trainQuestions(model, training, ids, EPOCHS, new Chance(SEED + 2), (epoch, loss) => {
    console.log(`question-classifier: epoch ${epoch} of ${EPOCHS}, loss ${loss.toFixed(3)}`);
  });
  const folder = "models/question-classifier";
  const weightsBytes = await writeLayersModel(model, join(samplesFolder, folder));
  const parameters = model.countParams();
  model.dispose();
  const saved = await readLayersModel(join(samplesFolder, folder));
  const metrics = questionMetrics(heldOut, training, (texts) => predictQuestions(saved, texts, ids));
  const { otherTypes, human } = metrics.artefact;
  console.log(
    `question-classifier: held out ${metrics.questions} questions, right ${percent(metrics.accuracy)}; with "please" ` +
      `added: human ${percent(human.accuracyWithWord)}, other types ${percent(otherTypes.accuracyWithWord)} ` +
      `(${percent(otherTypes.turnedHuman)} of them turn into human)`,
  );
  console.table(metrics.confusion);
  writeLines(`${folder}/labels.txt`, answerTypes);
  writeLines(`${folder}/vocab.txt`, vocabulary);
  writeJson(`${folder}/metrics.json`, {
    model: "question-classifier",
    command,
    seed: SEED,
    backend: `${backend.name} ${backend.version}`,
    weightsBytes,
    parameters,
    training: { questions: training.length, templates: count(trainingTemplates), epochs: EPOCHS },
    heldOut: { templates: count(heldOutTemplates), ...metrics },
  });
  const said = predictQuestions(
    saved,
    shownQuestions.map(({ question }) => question),
    ids,
  );
  shownQuestions.forEach(({ question, type }, at) => {
    const probabilities = said[at] ?? [];
    const best = Math.max(...probabilities);
    const answer = answerTypes[probabilities.indexOf(best)];
    if (answer !== type) console.log(`  row ${at + 1} is ${type}, taken for ${answer} (${percent(best)}): ${question}`);
  });
  writeLines(
    "questions.jsonl",
    shownQuestions.map((row) => JSON.stringify(row)),
  );
  writeLines(
    "question-pairs.jsonl",
    shownPairs.map((row) => JSON.stringify(row)),
  );
  writeLines(
    "questions.txt",
    shownQuestions.slice(0, PLAIN_ROWS).map(({ question }) => question),
  );
  writeLines("questions-train.csv", ["question,type", ...training.slice(0, SHOWN_TRAINING_ROWS).map(csvRow)]);
  saved.dispose();
}

/** A wording is held out when no training template could have made it, with any opening and any "please". */
function assertHeldOut(questions: readonly Question[]): void {
  const templates = answerTypes.flatMap((type) => trainingTemplates[type]).map(templateMatcher);
  for (const { question } of questions) {
    const plain = question.replace(/, please(?=[?.]$)/u, "");
    if (templates.some((template) => template.test(plain))) throw new Error(`A training template makes "${question}".`);
  }
}

function csvRow({ question, type }: Question): string {
  return `${csvField(question)},${type}`;
}

function count(templates: typeof trainingTemplates): number {
  return answerTypes.reduce((sum, type) => sum + templates[type].length, 0);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
