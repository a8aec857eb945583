import { PathlightError } from "../../../common/errors.ts";
import type { Token } from "../../../protocol/explanation.ts";
import type { TokenizerSpec } from "../../../protocol/manifest.ts";
import { assemble } from "../assemble.ts";
import { wordIndices } from "../pieces.ts";
import type { Tokenizer } from "../tokenizer.ts";
import { sectionsOf } from "./addedTokens.ts";
import { originalText, slice, spanOf } from "./alignedText.ts";
import { libraryOf } from "./library.ts";
import { normalizerOf } from "./normalize.ts";
import { preTokenizerOf } from "./preTokenize.ts";
import { type SubwordModel, subwordModel } from "./subwords.ts";
import type { TokenizerFiles } from "./tokenizerFile.ts";

type Spec = Extract<TokenizerSpec, { type: "huggingface" }>;

/** `model_max_length` of tokenizers that know no end. */
const NO_END = 1_000_000;
/** Stands for the text when the special tokens around it are asked for. */
const SENTINEL = "\u0000";

/**
 * A tokenizer of Hugging Face: normaliser, pre-tokeniser, model and special tokens of `tokenizer.json`. Special tokens
 * have no width; of the tokens of one character, the first has its place. Throws `tokenizer-invalid`.
 */
export function huggingFaceTokenizer(spec: Spec, files: TokenizerFiles): Tokenizer {
  const { tokenizer, config, file } = files;
  const library = libraryOf(files);
  const model = subwordModel(files, library);
  const cut = pieceCutter(files, model);
  const idOf = (...names: (string | null | undefined)[]): number | null => {
    const known = names.find((name) => typeof name === "string" && model.ids.has(name));
    return typeof known === "string" ? (model.ids.get(known) ?? null) : null;
  };
  const padId = idOf(config.pad_token, tokenizer.padding?.pad_token, "[PAD]", "<pad>");
  const maskId = idOf(config.mask_token, "[MASK]", "<mask>");
  const { unknownId } = model;
  const added = new Map(tokenizer.added_tokens.map((token) => [token.id, token]));
  const kindOf = (id: number): Token["special"] => {
    if (id === padId) return "pad";
    if (id === maskId) return "mask";
    if (id === unknownId) return "unknown";
    return added.get(id)?.special === true ? "other" : "none";
  };
  const around = aroundText(library.postProcessor, model, file);
  const own = spec.maxLength ?? maxLengthOf(files);
  const padding = { id: padId, text: (padId === null ? undefined : model.tokens[padId]) ?? "[PAD]", file };
  let idLimit = 0;
  for (const id of model.ids.values()) idLimit = Math.max(idLimit, id + 1);

  return {
    padId,
    maskId,
    unknownId,
    idLimit,
    encode(text, length, padSide) {
      const found = cut(text).map((token): Token => ({ ...token, special: token.special ?? kindOf(token.id) }));
      // Special tokens alone are no text.
      if (found.length === 0) return assemble(text, [], length, padSide, padding);
      const room = Math.max(
        0,
        Math.min(length ?? Number.POSITIVE_INFINITY, own) - around.before.length - around.after.length,
      );
      const kept = found.slice(0, room);
      const special = (id: number, at: number): Token => {
        return { text: model.tokens[id] ?? `#${id}`, id, start: at, end: at, special: kindOf(id), word: -1 };
      };
      const end = kept.at(-1)?.end ?? 0;
      const tokens = [
        ...around.before.map((id) => special(id, 0)),
        ...kept,
        ...around.after.map((id) => special(id, kept.length < found.length ? end : text.length)),
      ];
      const encoded = assemble(text, tokens, length, padSide, padding);
      return { ...encoded, truncatedFrom: kept.length < found.length ? firstUnseen(found, room) : null };
    },
    idToToken(id) {
      const text = model.tokens[id];
      return text === undefined ? null : { text, special: kindOf(id) };
    },
  };
}

type Found = Omit<Token, "special"> & { readonly special: "unknown" | null };

/** Text to tokens with their places, without the special tokens around it. */
function pieceCutter({ tokenizer }: TokenizerFiles, model: SubwordModel): (text: string) => Found[] {
  const normalize = normalizerOf(tokenizer.normalizer);
  const split = preTokenizerOf(tokenizer.pre_tokenizer);
  const isNormalized = ({ normalized, special }: (typeof tokenizer.added_tokens)[number]) => normalized ?? !special;
  const asTheyStand = tokenizer.added_tokens
    .filter((token) => !isNormalized(token))
    .map((token) => ({ token, content: token.content }));
  const normalized = tokenizer.added_tokens
    .filter(isNormalized)
    .map((token) => ({ token, content: normalize(originalText(token.content, 0)).text }));
  return (text) => {
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
          for (const part of model.split(piece.text)) {
            push(part.id, part.text, spanOf(piece, at, at + part.length), part.unknown);
            at += part.length;
          }
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

/** Offset of the character of the first token that is cut off; a character cut inside counts as not seen. */
function firstUnseen(found: readonly Pick<Token, "start" | "end">[], room: number): number {
  let first = room;
  while (first > 0 && found[first]?.start === found[first]?.end) first--;
  return found[first]?.start ?? 0;
}

/** Ids that stand before and after every text. */
function aroundText(
  postProcessor: ReturnType<typeof libraryOf>["postProcessor"],
  model: SubwordModel,
  file: string,
): { readonly before: readonly number[]; readonly after: readonly number[] } {
  if (postProcessor === null) return { before: [], after: [] };
  const { tokens } = postProcessor.post_process([SENTINEL], null, true);
  const at = tokens.indexOf(SENTINEL);
  const ids = tokens.map((token) => (token === SENTINEL ? 0 : model.ids.get(token)));
  if (at === -1 || ids.includes(undefined)) {
    throw new PathlightError("tokenizer-invalid", "The tokenizer puts tokens around a text that it does not have.", {
      file,
      expected: "special tokens that are in the vocabulary",
      found: tokens.filter((token) => token !== SENTINEL).join(" "),
      whatToDo: "Use the tokenizer that the model was trained with.",
    });
  }
  const known = ids.filter((id) => id !== undefined);
  return { before: known.slice(0, at), after: known.slice(at + 1) };
}

function maxLengthOf({ tokenizer, config }: TokenizerFiles): number {
  const named = config.model_max_length ?? Number.POSITIVE_INFINITY;
  const cut = tokenizer.truncation?.max_length ?? Number.POSITIVE_INFINITY;
  const length = Math.min(named >= NO_END ? Number.POSITIVE_INFINITY : named, cut);
  return Math.max(1, length);
}
