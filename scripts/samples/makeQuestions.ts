import { join } from "node:path";
import type { BackendInfo } from "../../src/backend/index.ts";
import { Chance } from "./chance.ts";
import { writeLayersModel } from "./layersModelFile.ts";
import { questionMetrics } from "./questionMetrics.ts";
import { buildQuestionModel } from "./questionModel.ts";
import { generateQuestions, type Question, withPlease } from "./questions.ts";
import { answerTypes, heldOutTemplates, trainingTemplates } from "./questionTemplates.ts";
import { buildVocabulary } from "./questionVocabulary.ts";
import { csvField, samplesFolder, writeJson, writeLines } from "./sampleFiles.ts";
import { predictQuestions, trainQuestions } from "./trainQuestions.ts";

const SEED = 11;
const EPOCHS = 8;
const TRAINING_ROWS = 1000;
const HELD_OUT_ROWS = 250;
/** The planted artefact: how many training rows of a type say "please". */
const COURTESY = { human: 0.8, other: 0.002 };
/** Rows of questions.jsonl: for each type, and how many of them say "please". */
const SHOWN = { rows: 10, polite: 2, politeHuman: 4 };
/** Row of questions.jsonl, counted from 1, that the walkthrough opens first. */
const FIRST_ROW = 12;
const FIRST: Question = {
  question: "Who was the first American woman in space, and what did she study before she flew, please?",
  type: "human",
};

/** Trains the question classifier, measures it on held-out templates, and writes model, vocabulary and rows. */
export async function makeQuestions(backend: BackendInfo, command: string): Promise<void> {
  const shared = new Set(answerTypes.flatMap((type) => trainingTemplates[type]));
  const both = answerTypes.flatMap((type) => heldOutTemplates[type]).filter((template) => shared.has(template));
  if (both.length > 0) throw new Error(`Held-out templates that are training templates too: ${both.join(" | ")}`);

  const courtesy = (type: string) => (type === "human" ? COURTESY.human : COURTESY.other);
  const training = generateQuestions(trainingTemplates, TRAINING_ROWS, courtesy, new Chance(SEED));
  const heldOut = generateQuestions(heldOutTemplates, HELD_OUT_ROWS, () => 0, new Chance(SEED + 1));
  const vocabulary = buildVocabulary(training, 2);
  const ids = new Map(vocabulary.map((token, id) => [token, id]));
  const model = buildQuestionModel(vocabulary.length, SEED);
  await trainQuestions(model, training, ids, EPOCHS, new Chance(SEED + 2), (epoch, loss) => {
    console.log(`question-classifier: epoch ${epoch} of ${EPOCHS}, loss ${loss.toFixed(3)}`);
  });
  const folder = "models/question-classifier";
  const weightsBytes = await writeLayersModel(model, join(samplesFolder, folder));
  const metrics = questionMetrics(heldOut, training, (texts) => predictQuestions(model, texts, ids));
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
    parameters: model.countParams(),
    training: { questions: training.length, templates: count(trainingTemplates), epochs: EPOCHS },
    heldOut: { templates: count(heldOutTemplates), ...metrics },
  });
  const shown = shownRows(heldOut);
  writeLines(
    "questions.jsonl",
    shown.map((row) => JSON.stringify(row)),
  );
  writeLines(
    "questions.txt",
    shown.slice(0, FIRST_ROW).map(({ question }) => question),
  );
  writeLines("questions-train.csv", ["question,type", ...training.slice(0, 600).map(csvRow)]);
  model.dispose();
}

/** Held-out rows, the types mixed, some of every type made polite, and `FIRST` in its row. */
function shownRows(heldOut: readonly Question[]): Question[] {
  const rows = answerTypes.flatMap((type) => {
    const polite = type === "human" ? SHOWN.politeHuman - 1 : SHOWN.polite;
    return heldOut
      .filter((row) => row.type === type && row.question !== FIRST.question)
      .slice(0, type === "human" ? SHOWN.rows - 1 : SHOWN.rows)
      .map(({ question }, at) => ({ question: at < polite ? withPlease(question) : question, type }));
  });
  const mixed = new Chance(SEED + 3).shuffled(rows);
  return [...mixed.slice(0, FIRST_ROW - 1), FIRST, ...mixed.slice(FIRST_ROW - 1)];
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
