import type { Explanation, Prediction, TextAttribution } from "../../protocol/explanation.ts";
import { formatCount, formatPercent, formatScore, formatSigned } from "../../protocol/format.ts";
import { areProbabilities } from "../../protocol/probability.ts";
import { scoreKind } from "../../protocol/targetWords.ts";
import { relativeSumError, verdictOf } from "../../protocol/verdict.ts";

/** An explanation in one line, and in a few for those who rest on it. */
export interface ExplanationSummary {
  /** `human 0.97 · "who" +2.1 · "author" +0.8 · error 0.4 %`. */
  readonly title: string;
  readonly details: string;
  /** Its map must not be read. */
  readonly distrusted: boolean;
}

interface Word {
  readonly text: string;
  readonly value: number;
}

const WORDS = 2;
const LONGEST_WORD = 20;
/** Of a text that a model wrote. */
const LONGEST_TEXT = 40;

export function explanationSummary(explanation: Explanation, warnAbove: number): ExplanationSummary {
  const verdict = verdictOf(explanation, warnAbove, "token");
  const distrusted = verdict.kind === "low-trust" || verdict.kind === "suspect";
  const attributions = explanation.attributions.filter((one) => one.kind === "text");
  const sumError = relativeSumError(explanation);
  const error = Math.max(sumError, explanation.featureError ?? 0);
  const parts = [predictionText(explanation)];
  const quiet = verdict.kind === "reliable";
  if (!quiet) parts.unshift(verdict.title);
  const top = strongest(explanation.predictions);
  const isOther = top !== undefined && explanation.target.index !== top.index;
  const { index, label } = explanation.target;
  if (explanation.produced !== undefined) parts.push(index === null ? `for ${label}` : `token ${index + 1} “${label}”`);
  else if (isOther) parts.push(`for ${label}`);
  // What must not be read is not put where everyone reads it.
  if (!distrusted && explanation.evaluations > 0) {
    for (const { text, value } of strongestWords(attributions)) parts.push(`${text} ${formatSigned(value, 2)}`);
  }
  if (explanation.evaluations > 0) parts.push(`error ${formatPercent(error)}`);
  return { title: parts.join(" · "), details: details(explanation, attributions, verdict.sentence), distrusted };
}

function details(explanation: Explanation, attributions: readonly TextAttribution[], sentence: string): string {
  const { target, baseline, deltaF, evaluations, featureError, warnings } = explanation;
  const perToken = featureError === null ? "" : `, values good to about ${formatPercent(featureError)}`;
  const lines = [
    sentence,
    `${target.label} (${scoreKind(target)}) from ${baseline.label}: ${formatSigned(deltaF)}`,
    `Sum off by ${formatPercent(relativeSumError(explanation))}${perToken}, ${formatCount(evaluations)} evaluations`,
  ];
  for (const [name, kinds] of [
    ["Special tokens", ["mask", "other"]],
    ["Padding", ["pad"]],
    ["Unknown tokens", ["unknown"]],
  ] as const) {
    const { count, value } = totals(attributions, kinds);
    if (count > 0) lines.push(`${name}: ${formatCount(count)}, together ${formatSigned(value)}`);
  }
  // What was cut off is part of what a reader must know.
  for (const { code, message } of warnings) if (code === "truncated" || code === "windows") lines.push(message);
  return lines.join("\n");
}

function totals(
  attributions: readonly TextAttribution[],
  kinds: readonly string[],
): { readonly count: number; readonly value: number } {
  let count = 0;
  let value = 0;
  for (const { tokens, values } of attributions) {
    for (const [index, { special }] of tokens.entries()) {
      if (!kinds.includes(special)) continue;
      count++;
      value += values[index] ?? 0;
    }
  }
  return { count, value };
}

/**
 * `human 0.97`; of a score that is no probability the score itself; what a model wrote, and of a labelled text the token
 * with its label.
 */
export function predictionText(explanation: Explanation): string {
  const { predictions, target, score, produced } = explanation;
  if (produced !== undefined) return short(produced.text);
  const of = labelledToken(explanation);
  return of === null ? sayingOf(predictions, target, score) : `“${of}” ${sayingOf(predictions, target, score)}`;
}

function sayingOf(
  predictions: readonly Prediction[],
  target: Explanation["target"],
  score: Explanation["score"],
): string {
  const top = strongest(predictions);
  // A similarity of two embeddings has no classes beside it.
  if (top === undefined) return `${target.label} ${formatScore(score.input, 2)}`;
  const isProbability = areProbabilities(predictions);
  return `${top.label} ${isProbability ? formatChance(top.score) : formatScore(top.score)}`;
}

function labelledToken({ target, attributions }: Explanation): string | null {
  if (target.position === undefined) return null;
  const text = attributions.find((attribution) => attribution.kind === "text");
  return text?.kind === "text" ? (text.tokens[target.position]?.text ?? null) : null;
}

function short(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;
}

/** Two digits, and never 1.00 for what is not certain. */
function formatChance(probability: number): string {
  if (probability < 1 && probability > 0.995) return ">0.99";
  return probability > 0 && probability < 0.005 ? "<0.01" : probability.toFixed(2);
}

/** The prediction with the highest score; they come in the order of the outputs. */
function strongest(predictions: readonly Prediction[]): Prediction | undefined {
  return predictions.reduce<Prediction | undefined>(
    (best, next) => (best === undefined || next.score > best.score ? next : best),
    undefined,
  );
}

/** The words, special tokens and padding with the largest values; the tokens of a word are added up. */
function strongestWords(attributions: readonly TextAttribution[]): readonly Word[] {
  return attributions
    .flatMap(wordsOf)
    .filter(({ value }) => value !== 0)
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, WORDS);
}

function wordsOf({ tokens, values, text }: TextAttribution): Word[] {
  const words: { text: string; value: number }[] = [];
  let padding: { text: string; value: number } | undefined;
  let word = -1;
  let start = 0;
  for (const [index, token] of tokens.entries()) {
    const value = values[index] ?? 0;
    const last = words.at(-1);
    if (token.special === "pad") {
      padding ??= { text: "padding", value: 0 };
      padding.value += value;
    } else if (token.word >= 0 && token.word === word && last !== undefined) {
      last.value += value;
      if (token.end > start) last.text = quoted(text.slice(start, token.end));
    } else if (token.end > token.start) {
      start = token.start;
      words.push({ text: quoted(text.slice(start, token.end)), value });
    } else words.push({ text: token.text, value });
    word = token.special === "pad" ? -1 : token.word;
  }
  return padding === undefined ? words : [...words, padding];
}

function quoted(text: string): string {
  const oneLine = text.replaceAll(/\s+/g, " ");
  const characters = [...oneLine];
  return `"${characters.length > LONGEST_WORD ? `${characters.slice(0, LONGEST_WORD - 1).join("")}…` : oneLine}"`;
}
