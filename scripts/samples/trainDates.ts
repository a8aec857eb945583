import { oneHot, type Tensor, tensor, tensor2d, tidy, train } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Chance } from "./chance.ts";
import { trainingFormats } from "./dateFormats.ts";
import { drawPair } from "./dates.ts";
import {
  encodeSource,
  encodeTarget,
  SOURCE_LENGTH,
  START,
  TARGET_LENGTH,
  targetVocabulary,
  tokenizeDate,
  UNKNOWN,
} from "./dateVocabulary.ts";
import { monthNames } from "./dateWords.ts";

const BATCH = 128;

/** Trains on fresh pairs in every step, with teacher forcing; the rate falls to a twentieth along a half cosine. */
export async function trainDates(
  model: LayersModel,
  ids: ReadonlyMap<string, number>,
  steps: number,
  chance: Chance,
  report: (step: number, loss: number) => void,
): Promise<void> {
  const rate = 0.002;
  const optimizer = train.adam(rate);
  const known = monthNames();
  let [sum, counted] = [0, 0];
  for (let step = 1; step <= steps; step++) {
    Object.assign(optimizer, { learningRate: rate * (0.525 + 0.475 * Math.cos((Math.PI * step) / steps)) });
    const pairs = Array.from({ length: BATCH }, () => drawPair(trainingFormats, chance));
    const targets = pairs.map(({ iso }) => encodeTarget(iso));
    const loss = tidy(() => {
      const source = tensor2d(
        pairs.flatMap(({ text }) => withUnknowns(encodeSource(text, ids), text, known, chance)),
        [BATCH, SOURCE_LENGTH],
        "int32",
      );
      const fed = tensor2d(
        targets.flatMap((target) => target.fed),
        [BATCH, TARGET_LENGTH],
        "int32",
      );
      const said = tensor(
        targets.flatMap((target) => target.said),
        [BATCH, TARGET_LENGTH],
        "int32",
      );
      const truth = oneHot(said, targetVocabulary.length).toFloat();
      // [PAD] behind the end teaches nothing.
      const counts = said.notEqual(0).toFloat();
      const cost = optimizer.minimize(() => {
        const logits = model.apply([source, fed], { training: true }) as Tensor;
        const losses = truth
          .mul(logits.sub(logits.logSumExp(-1, true)))
          .sum(-1)
          .neg();
        return losses.mul(counts).sum().div(counts.sum()).asScalar();
      }, true);
      return cost?.dataSync()[0] ?? Number.NaN;
    });
    sum += loss;
    counted++;
    if (step % 100 === 0) {
      report(step, sum / counted);
      [sum, counted] = [0, 0];
    }
  }
  optimizer.dispose();
}

/** One filling word in twelve becomes [UNK], so that the token is trained; what the date is told by stays. */
function withUnknowns(
  ids: readonly number[],
  text: string,
  months: ReadonlyMap<string, number>,
  chance: Chance,
): number[] {
  const filling = tokenizeDate(text).map(
    (token) => /^(?:the|of|on|date|den|am|le|el|de)$|day$|tag$/u.test(token) && !months.has(token),
  );
  return ids.map((id, at) => (filling[at] === true && chance.happens(1 / 12) ? UNKNOWN : id));
}

/** Writes each date greedily, a character at a time, until [END] or the last position. */
export function writeDates(model: LayersModel, texts: readonly string[], ids: ReadonlyMap<string, number>): string[] {
  const fed = texts.map(() => [START, ...Array.from({ length: TARGET_LENGTH - 1 }, () => 0)]);
  const width = targetVocabulary.length;
  for (let at = 0; at < TARGET_LENGTH; at++) {
    const logits = tidy(() => {
      const source = tensor2d(
        texts.flatMap((text) => encodeSource(text, ids)),
        [texts.length, SOURCE_LENGTH],
        "int32",
      );
      const written = tensor2d(fed.flat(), [texts.length, TARGET_LENGTH], "int32");
      return (model.predict([source, written]) as Tensor).dataSync();
    });
    for (const [row, prefix] of fed.entries()) {
      const start = (row * TARGET_LENGTH + at) * width;
      const scores = logits.slice(start, start + width);
      prefix[at + 1] = scores.indexOf(Math.max(...scores));
    }
  }
  return fed.map((prefix) => {
    const said = prefix.slice(1).map((id) => targetVocabulary[id] ?? "");
    const end = said.indexOf("[END]");
    return (end < 0 ? said : said.slice(0, end)).join("");
  });
}
