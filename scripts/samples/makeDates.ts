import { join } from "node:path";
import type { BackendInfo } from "../../src/backend/index.ts";
import { ExplainService } from "../../src/compute/explainService.ts";
import { modelSchema } from "../../src/protocol/manifest.ts";
import { Chance } from "./chance.ts";
import { dateAlignment } from "./dateAlignment.ts";
import { dateEntry } from "./dateEntry.ts";
import { heldOutFormats, trainingFormats } from "./dateFormats.ts";
import { buildDateModel } from "./dateModel.ts";
import { type DatePair, drawPair } from "./dates.ts";
import { sourceVocabulary, targetVocabulary, tokenizeDate } from "./dateVocabulary.ts";
import { readLayersModel, writeLayersModel } from "./layersModelFile.ts";
import { samplesFolder, writeJson, writeLines } from "./sampleFiles.ts";
import { trainDates, writeDates } from "./trainDates.ts";

const SEED = 23;
const STEPS = 1500;
const HELD_OUT_ROWS = 125;
const ALIGNED_DATES = 250;
/** Rows of dates.jsonl, of each held-out format. */
const SHOWN_ROWS = 4;

/** Trains the date model, measures it on formats that training never shows, and writes model, vocabularies and rows. */
export async function makeDates(backend: BackendInfo, command: string): Promise<void> {
  const shared = heldOutFormats.filter((held) =>
    trainingFormats.some(({ language, text }) => language === held.language && text === held.text),
  );
  if (shared.length > 0) throw new Error(`Training has the format "${shared[0]?.text}" too.`);
  const vocabulary = sourceVocabulary(new Chance(SEED));
  const ids = new Map(vocabulary.map((token, id) => [token, id]));
  const model = buildDateModel(vocabulary.length, SEED);
  await trainDates(model, ids, STEPS, new Chance(SEED + 1), (step, loss) => {
    console.log(`dates: step ${step} of ${STEPS}, loss ${loss.toFixed(4)}`);
  });
  const folder = "models/dates";
  const weightsBytes = await writeLayersModel(model, join(samplesFolder, folder));
  const parameters = model.countParams();
  model.dispose();
  const saved = await readLayersModel(join(samplesFolder, folder));
  const chance = new Chance(SEED + 2);
  const heldOut = heldOutFormats.flatMap((format) =>
    Array.from({ length: HELD_OUT_ROWS }, () => drawPair([format], chance)),
  );
  refuseUnknown(heldOut, ids);
  const seen = Array.from({ length: heldOut.length }, () => drawPair(trainingFormats, chance));
  const right = (pairs: readonly DatePair[]): boolean[] => {
    const said = writeDates(
      saved,
      pairs.map(({ text }) => text),
      ids,
    );
    return pairs.map(({ iso }, at) => said[at] === iso);
  };
  const heldOutRight = right(heldOut);
  const accuracy = share(heldOutRight);
  const accuracySeen = share(right(seen));
  const byFormat = heldOutFormats.map((format) => ({
    language: format.language,
    format: format.text,
    exactMatch: share(heldOutRight.filter((_, at) => heldOut[at]?.format === format)),
  }));
  console.log(
    `dates: exact match ${percent(accuracy)} of ${heldOut.length} dates in ${heldOutFormats.length} formats that ` +
      `training never showed, ${percent(accuracySeen)} of new dates in formats that it did`,
  );
  console.table(byFormat);
  writeLines(`${folder}/source-vocab.txt`, vocabulary);
  writeLines(`${folder}/iso-vocab.txt`, targetVocabulary);
  writeJson(`${folder}/metrics.json`, {
    model: "dates",
    command,
    seed: SEED,
    backend: `${backend.name} ${backend.version}`,
    weightsBytes,
    parameters,
    training: { formats: trainingFormats.length, steps: STEPS, exactMatchOnNewDates: accuracySeen },
    heldOut: { formats: heldOutFormats.length, dates: heldOut.length, exactMatch: accuracy, byFormat },
  });
  const shown = heldOutFormats.flatMap((format) =>
    Array.from({ length: SHOWN_ROWS }, () => drawPair([format], chance)),
  );
  right(shown).forEach((isRight, at) => {
    if (!isRight) console.log(`  row ${at + 1} is written wrongly: ${shown[at]?.text}`);
  });
  writeLines(
    "dates.jsonl",
    shown.map(({ text, iso }) => JSON.stringify({ date: text, iso })),
  );
  saved.dispose();
}

/** Where the digits of the month come from, with the model as it is on the disk; writes the figures beside it. */
export async function measureDates(command: string): Promise<void> {
  const chance = new Chance(SEED + 3);
  const named = heldOutFormats.filter(({ text }) => text.includes("{mon"));
  const pairs = Array.from({ length: ALIGNED_DATES }, () => drawPair(named, chance));
  const service = new ExplainService();
  try {
    const path = join(samplesFolder, dateEntry.path);
    const model = { path, entry: modelSchema.parse(dateEntry), baseFolder: samplesFolder };
    const found = await dateAlignment(service, model, pairs);
    console.log(
      `dates: of ${found.dates} dates in held-out formats, the month's name has ${percent(found.bothMedianShare)} of the ` +
        `positive attribution of the month's digits (median), and is the strongest token for the second digit in ` +
        `${percent(found.units.nameStrongest)}`,
    );
    writeJson("models/dates/alignment.json", { model: "dates", command, seed: SEED + 3, ...found });
  } finally {
    await service.dispose();
  }
}

/** Held-out formats are made of words that training shows. */
function refuseUnknown(pairs: readonly DatePair[], ids: ReadonlyMap<string, number>): void {
  for (const token of pairs.flatMap(({ text }) => tokenizeDate(text))) {
    if (!ids.has(token)) throw new Error(`Training never shows "${token}".`);
  }
}

function share(right: readonly boolean[]): number {
  return Math.round((right.filter(Boolean).length / right.length) * 1e4) / 1e4;
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}
