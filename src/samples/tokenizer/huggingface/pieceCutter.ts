import { basename } from "node:path";
import { PathlightError } from "../../../common/errors.ts";
import type { Token } from "../../../protocol/explanation.ts";
import { formatCount } from "../../../protocol/format.ts";
import { wordIndices } from "../pieces.ts";
import { sectionsOf } from "./addedTokens.ts";
import { originalText, slice, spanOf } from "./alignedText.ts";
import { normalizerOf } from "./normalize.ts";
import { preTokenizerOf } from "./preTokenize.ts";
import type { SubwordModel } from "./subwords.ts";
import type { TokenizerFiles } from "./tokenizerFile.ts";

/** Longest word, in characters, that is cut into tokens: the time for one grows faster than its length. */
const LONGEST_WORD = 50_000;

type Found = Omit<Token, "special"> & { readonly special: "unknown" | null };

/**
 * Text to tokens with their places, without the special tokens around it: at least `most` where it has so many. Throws
 * `sample-too-large` for a word that would take too long.
 */
export function pieceCutter(
  { tokenizer, file }: TokenizerFiles,
  model: SubwordModel,
): (text: string, most: number) => Found[] {
  const normalize = normalizerOf(tokenizer.normalizer);
  const split = preTokenizerOf(tokenizer.pre_tokenizer);
  const isNormalized = ({ normalized, special }: (typeof tokenizer.added_tokens)[number]) => normalized ?? !special;
  const asTheyStand = tokenizer.added_tokens
    .filter((token) => !isNormalized(token))
    .map((token) => ({ token, content: token.content }));
  const normalized = tokenizer.added_tokens
    .filter(isNormalized)
    .map((token) => ({ token, content: normalize(originalText(token.content, 0)).text }));
  return (text, most) => {
    const blankWords = wordIndices(text);
    const tokens: Found[] = [];
    let reached = 0;
    let word = -1;
    let wordKey = "";
    let pieces = 0;
    const push = (id: number, shown: string, span: { start: number; end: number }, unknown: boolean): void => {
      const { start, end } = trimmed(text, Math.max(reached, span.start), Math.max(reached, span.end));
      if (end > start) {
        // A mark for the blank space before a word is part of the word.
        const inWord = blankWords.subarray(start).find((index) => index >= 0) ?? -1;
        const key = `${pieces}:${inWord}`;
        if (key !== wordKey) word++;
        wordKey = key;
      }
      reached = end;
      tokens.push({
        text: end > start ? text.slice(start, end) : shown,
        id,
        start,
        end,
        special: unknown ? "unknown" : null,
        word: Math.max(0, word),
      });
    };
    for (const [index, section] of sectionsOf(text, asTheyStand).entries()) {
      if (section.token !== null) {
        pieces++;
        push(section.token.id, section.token.content, { start: section.from, end: section.to }, false);
        continue;
      }
      const whole = normalize(originalText(text.slice(section.from, section.to), section.from));
      for (const { from, to, token } of sectionsOf(whole.text, normalized)) {
        if (token !== null) {
          pieces++;
          push(token.id, token.content, spanOf(whole, from, to), false);
          continue;
        }
        for (const piece of split(slice(whole, from, to), index === 0 && from === 0)) {
          pieces++;
          let at = 0;
          if (piece.text.length > LONGEST_WORD && !model.isLinear) throw wordTooLong(piece.text.length, file);
          for (const part of model.split(piece.text)) {
            push(part.id, part.text, spanOf(piece, at, at + part.length), part.unknown);
            at += part.length;
          }
          // What follows would be cut off.
          if (tokens.length >= most) return tokens;
        }
      }
    }
    return tokens;
  };
}

/** Without the blank space around it, unless it is nothing else. */
function trimmed(text: string, start: number, end: number): { start: number; end: number } {
  let from = start;
  let to = end;
  while (from < to && isBlank.test(text.charAt(from))) from++;
  while (to > from && isBlank.test(text.charAt(to - 1))) to--;
  return from === to ? { start, end } : { start: from, end: to };
}

/** Unicode's blank space: `trim` takes U+FEFF for one and U+0085 for none. */
const isBlank = /\p{White_Space}/u;

function wordTooLong(length: number, file: string): PathlightError {
  return new PathlightError("sample-too-large", "The text has a word that is too long to be cut into tokens.", {
    expected: `at most ${formatCount(LONGEST_WORD)} characters that ${basename(file)} reads as one`,
    found: formatCount(length),
    whatToDo: "Choose a part of the text.",
  });
}
