import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import * as z from "zod";
import { PathlightError } from "../common/errors.ts";
import type { Token } from "../protocol/explanation.ts";
import { stopWordLabel, stopWordLanguage } from "../protocol/stopWordLanguages.ts";

export interface StopWords {
  /** In lower case. */
  readonly words: ReadonlySet<string>;
  /** What a person calls the list. */
  readonly label: string;
}

/**
 * A list of stop words: that of a language (see `stopWordLanguages`), or a file with one word a line, or a JSON list.
 * Throws `baseline-invalid`.
 */
export async function readStopWords(list: string): Promise<StopWords> {
  const language = stopWordLanguage(list);
  if (language !== undefined) {
    // A hundred kilobytes that few need.
    const lists: unknown = await import("stopword");
    const known = z.looseObject({ [language]: z.array(z.string()) }).parse(lists)[language];
    return { words: lowered(z.array(z.string()).parse(known)), label: stopWordLabel(language) };
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(await readFile(list));
  } catch (cause) {
    throw invalid(list, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const words = /^\s*\[/.test(text) ? jsonWords(text, list) : text.split(/\r?\n/);
  const known = lowered(words.map((word) => word.trim()).filter((word) => word !== ""));
  if (known.size === 0) throw invalid(list, "no words");
  return { words: known, label: basename(list) };
}

function jsonWords(text: string, file: string): string[] {
  try {
    return z.array(z.string()).parse(JSON.parse(text));
  } catch (cause) {
    throw invalid(file, "a list of other things than words", cause);
  }
}

function lowered(words: readonly string[]): Set<string> {
  return new Set(words.map((word) => word.toLowerCase()));
}

/**
 * Which tokens of a text are of stop words. Words are those of Unicode's rules, so that "don't" is one and Thai has some
 * too; a token counts where every word that it touches is in the list, and at least one is. Tokens without a place of
 * their own, the further bytes of a character, go with the token before them.
 */
export function stopWordTokens(text: string, tokens: readonly Token[], { words }: StopWords): boolean[] {
  // What the model does not see is not looked at: segmenting slows down with the square of a text's length.
  const seen = tokens.reduce((reached, { end }) => Math.max(reached, end), 0);
  const segmenter = new Intl.Segmenter("en", { granularity: "word" });
  /** 1: a stop word, 2: another word; 0: between words. */
  const kinds = new Uint8Array(seen);
  for (const { segment, index, isWordLike } of segmenter.segment(text.slice(0, seen))) {
    if (isWordLike === true) kinds.fill(words.has(segment.toLowerCase()) ? 1 : 2, index, index + segment.length);
  }
  let before = false;
  return tokens.map(({ start, end, word }) => {
    if (word < 0) return false;
    if (end > start) {
      const own = kinds.subarray(start, end);
      before = own.includes(1) && !own.includes(2);
    }
    return before;
  });
}

function invalid(file: string, found: string, cause?: unknown): PathlightError {
  return new PathlightError(
    "baseline-invalid",
    "The list of stop words cannot be read.",
    {
      file,
      expected: "a language such as en, or a UTF-8 file with one word a line",
      found,
      whatToDo: "Name a language or a file after stop-words: in the baseline.",
    },
    cause,
  );
}
