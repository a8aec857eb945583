import type { Question } from "./questions.ts";

/** One token: a word, with inner apostrophes and hyphens, or a single other sign. The manifest carries the same text. */
export const TOKEN_PATTERN = "[\\p{L}\\p{N}]+(?:['’-][\\p{L}\\p{N}]+)*|[^\\s\\p{L}\\p{N}]";

/** Positions of the model's input; shorter questions are filled with [PAD] on the right, longer ones cut. */
export const QUESTION_LENGTH = 32;

export const PAD = 0;
export const UNKNOWN = 1;
export const MASK = 2;

export function tokenize(text: string): string[] {
  return text.toLowerCase().match(new RegExp(TOKEN_PATTERN, "gu")) ?? [];
}

/** Vocabulary in id order: [PAD], [UNK], [MASK], then every token that the training rows hold at least `least` times. */
export function buildVocabulary(questions: readonly Question[], least: number): string[] {
  const counts = new Map<string, number>();
  for (const { question } of questions) {
    for (const token of tokenize(question)) counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  const kept = [...counts].filter(([, count]) => count >= least).map(([token]) => token);
  return ["[PAD]", "[UNK]", "[MASK]", ...kept.sort()];
}

/** Token ids, `QUESTION_LENGTH` of them. */
export function encode(text: string, ids: ReadonlyMap<string, number>): number[] {
  const tokens = tokenize(text)
    .slice(0, QUESTION_LENGTH)
    .map((token) => ids.get(token) ?? UNKNOWN);
  return [...tokens, ...Array.from({ length: QUESTION_LENGTH - tokens.length }, () => PAD)];
}
