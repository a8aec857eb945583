import type { Chance } from "./chance.ts";
import { type DateFormat, trainingFormats } from "./dateFormats.ts";
import { drawPair } from "./dates.ts";

/** A run of letters, one digit, or one other sign, so that numbers are read digit by digit. The manifest carries the same. */
export const DATE_TOKEN_PATTERN = "\\p{L}+|\\p{N}|[^\\s\\p{L}\\p{N}]";

/** Positions of what is read and of what is written. */
export const SOURCE_LENGTH = 24;
export const TARGET_LENGTH = 12;

export const PAD = 0;
export const UNKNOWN = 1;
export const START = 1;
export const END = 2;

/** What is written, in id order. The rows of the output mean these. */
export const targetVocabulary = ["[PAD]", "[START]", "[END]", "-", ..."0123456789"];

export function tokenizeDate(text: string): string[] {
  return text.toLowerCase().match(new RegExp(DATE_TOKEN_PATTERN, "gu")) ?? [];
}

/** [PAD], [UNK], then every token of a few thousand training dates. */
export function sourceVocabulary(chance: Chance, formats: readonly DateFormat[] = trainingFormats): string[] {
  const tokens = new Set<string>();
  for (let i = 0; i < 40_000; i++) for (const token of tokenizeDate(drawPair(formats, chance).text)) tokens.add(token);
  return ["[PAD]", "[UNK]", ...[...tokens].sort()];
}

/** `SOURCE_LENGTH` ids. Throws `RangeError` for a longer text: no format writes one. */
export function encodeSource(text: string, ids: ReadonlyMap<string, number>): number[] {
  const tokens = tokenizeDate(text);
  if (tokens.length > SOURCE_LENGTH) throw new RangeError(`"${text}" has ${tokens.length} tokens.`);
  return padded(
    tokens.map((token) => ids.get(token) ?? UNKNOWN),
    SOURCE_LENGTH,
  );
}

/** `TARGET_LENGTH` ids each: what the decoder is fed, [START] first, and what it is to say, [END] last. */
export function encodeTarget(iso: string): { fed: number[]; said: number[] } {
  const characters = [...iso].map((character) => targetVocabulary.indexOf(character));
  return { fed: padded([START, ...characters], TARGET_LENGTH), said: padded([...characters, END], TARGET_LENGTH) };
}

function padded(ids: readonly number[], length: number): number[] {
  return [...ids, ...Array.from({ length: length - ids.length }, () => PAD)];
}
