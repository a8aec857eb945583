import { basename } from "node:path";
import { PathlightError } from "../../../common/errors.ts";
import type { Token } from "../../../protocol/explanation.ts";
import { formatCount } from "../../../protocol/format.ts";
import type { TokenizerSpec } from "../../../protocol/manifest.ts";
import { assemble, noTokens } from "../assemble.ts";
import { wordIndices } from "../pieces.ts";
import type { EncodedField, Tokenizer } from "../tokenizer.ts";
import { keptOfPair, type PairTruncation } from "../truncation.ts";
import { sectionsOf } from "./addedTokens.ts";
import { originalText, slice, spanOf } from "./alignedText.ts";
import { libraryModel } from "./library.ts";
import { normalizerOf } from "./normalize.ts";
import { preTokenizerOf } from "./preTokenize.ts";
import { type SubwordModel, subwordModel } from "./subwords.ts";
import { type TemplatePart, templatesOf } from "./template.ts";
import type { TokenizerFiles } from "./tokenizerFile.ts";

type Spec = Extract<TokenizerSpec, { type: "huggingface" }>;

/** `model_max_length` of tokenizers that know no end. */
const NO_END = 1_000_000;
/** Longest word, in characters, that is cut into tokens: the time for one grows faster than its length. */
const LONGEST_WORD = 50_000;
/** Between two texts that are read as one sequence, where a person reads them. */
const BETWEEN = "\n";

/**
 * A tokenizer of Hugging Face: normaliser, pre-tokeniser, model and special tokens of `tokenizer.json`. Special tokens
 * have no width; of the tokens of one character, the first has its place. Throws `tokenizer-invalid`.
 */
export function huggingFaceTokenizer(spec: Spec, files: TokenizerFiles): Tokenizer {
  const { tokenizer, config, file } = files;
  const model = subwordModel(files, libraryModel(files));
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
  const templates = templatesOf(tokenizer.post_processor, file);
  checkTemplates([...templates.single, ...(templates.pair ?? [])], model, file);
  const own = spec.maxLength ?? maxLengthOf(files);
  const padding = { id: padId, text: (padId === null ? undefined : model.tokens[padId]) ?? "[PAD]", file };
  let idLimit = 0;
  for (const id of model.ids.values()) idLimit = Math.max(idLimit, id + 1);
  const tokensOf = (text: string, most = Number.POSITIVE_INFINITY): Token[] =>
    cut(text, most).map((token): Token => ({ ...token, special: token.special ?? kindOf(token.id) }));
  const roomIn = (template: readonly TemplatePart[], length: number | null): number => {
    const most = Math.min(length ?? Number.POSITIVE_INFINITY, own);
    return Math.max(0, most - template.filter(({ kind }) => kind === "special").length);
  };
  const refuseLeft = (isCut: boolean): void => {
    if (isCut && tokenizer.truncation?.direction === "Left") throw cutsLeft(file);
  };
  /** The texts with the special tokens around them, and the type of each token. */
  const laidOut = (
    template: readonly TemplatePart[],
    texts: readonly (readonly Token[])[],
    fields: readonly EncodedField[],
  ): { tokens: Token[]; types: number[] } => {
    const tokens: Token[] = [];
    const types: number[] = [];
    let at = 0;
    for (const part of template) {
      if (part.kind === "special") {
        const text = model.tokens[part.id] ?? `#${part.id}`;
        tokens.push({ text, id: part.id, start: at, end: at, special: kindOf(part.id), word: -1 });
        types.push(part.type);
        continue;
      }
      const own = texts[part.field] ?? [];
      tokens.push(...own);
      for (let index = 0; index < own.length; index++) types.push(part.type);
      const field = fields[part.field];
      at = field === undefined || field.truncatedFrom === null ? (field?.end ?? 0) : (own.at(-1)?.end ?? field.start);
    }
    return { tokens, types };
  };

  return {
    padId,
    maskId,
    unknownId,
    idLimit,
    encode(text, length, padSide) {
      const room = roomIn(templates.single, length);
      const found = tokensOf(text, room + 1);
      // Special tokens alone are no text.
      if (found.length === 0) return assemble(text, [], length, padSide, padding);
      const kept = found.slice(0, room);
      refuseLeft(kept.length < found.length);
      const field = { start: 0, end: text.length, ...cutAt(found, kept.length) };
      const { tokens, types } = laidOut(templates.single, [kept], [field]);
      const encoded = assemble(text, tokens, length, padSide, padding);
      return { ...encoded, types: padded(types, encoded.ids.length, padSide), truncatedFrom: field.truncatedFrom };
    },
    encodePair(first, second, length, padSide, wanted) {
      const { pair } = templates;
      if (pair === null) throw noPair(file);
      const truncation = wanted ?? strategyOf(tokenizer.truncation?.strategy);
      const room = roomIn(pair, length);
      // Which of the two is longer decides where an odd token goes.
      const found = [tokensOf(first), tokensOf(second)] as const;
      const text = first + BETWEEN + second;
      const empty = found.findIndex((tokens) => tokens.length === 0);
      if (empty !== -1) throw noTokens([first, second][empty] ?? "");
      const kept = keptOfPair(found[0].length, found[1].length, room, truncation);
      if (kept === null) throw tooLong(truncation, found, room, file);
      refuseLeft(kept[0] < found[0].length || kept[1] < found[1].length);
      const offset = first.length + BETWEEN.length;
      const words = 1 + Math.max(...found[0].map(({ word }) => word));
      const moved = found[1].map((token) => ({
        ...token,
        start: token.start + offset,
        end: token.end + offset,
        word: token.word + words,
      }));
      const fields: [EncodedField, EncodedField] = [
        { start: 0, end: first.length, ...cutAt(found[0], kept[0]) },
        { start: offset, end: text.length, ...cutAt(moved, kept[1]) },
      ];
      const { tokens, types } = laidOut(pair, [found[0].slice(0, kept[0]), moved.slice(0, kept[1])], fields);
      const encoded = assemble(text, tokens, length, padSide, padding);
      return {
        ...encoded,
        text,
        fields,
        truncation,
        types: padded(types, encoded.ids.length, padSide),
        truncatedFrom: fields[1].truncatedFrom,
      };
    },
    idToToken(id) {
      const text = model.tokens[id];
      return text === undefined ? null : { text, special: kindOf(id) };
    },
  };
}

type Found = Omit<Token, "special"> & { readonly special: "unknown" | null };

/** Text to tokens with their places, without the special tokens around it. */
function pieceCutter(
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

/** Offset of the character of the first token that is cut off; a character cut inside counts as not seen. */
function firstUnseen(found: readonly Pick<Token, "start" | "end">[], room: number): number {
  let first = room;
  while (first > 0 && found[first]?.start === found[first]?.end) first--;
  return found[first]?.start ?? 0;
}

/** Special tokens are often none of the model's own; they must be among the added ones at least. */
function checkTemplates(parts: readonly TemplatePart[], model: SubwordModel, file: string): void {
  const missing = parts.flatMap((part) =>
    part.kind === "special" && model.tokens[part.id] === undefined ? [part.id] : [],
  );
  if (missing.length === 0) return;
  throw new PathlightError("tokenizer-invalid", "The tokenizer puts tokens around a text that it does not have.", {
    file,
    expected: "special tokens that are in the vocabulary",
    found: `the ids ${[...new Set(missing)].join(", ")}`,
    whatToDo: "Use the tokenizer that the model was trained with.",
  });
}

/** Types with those of the padding, which are 0. */
function padded(types: readonly number[], length: number, side: "left" | "right"): Int32Array {
  const all = new Int32Array(length);
  all.set(types.slice(0, length), side === "left" ? Math.max(0, length - types.length) : 0);
  return all;
}

function cutAt(found: readonly Token[], kept: number): Pick<EncodedField, "truncatedFrom"> {
  return { truncatedFrom: kept < found.length ? firstUnseen(found, kept) : null };
}

function strategyOf(name: string | undefined): PairTruncation {
  if (name === "OnlyFirst") return "only-first";
  return name === "OnlySecond" ? "only-second" : "longest-first";
}

function noPair(file: string): PathlightError {
  return new PathlightError("tokenizer-invalid", "The tokenizer does not say how two texts are read as one.", {
    file,
    expected: "a post-processor with a template for pairs",
    found: "none",
    whatToDo: "Give one text, or use the tokenizer that the model was trained with.",
  });
}

function tooLong(
  truncation: PairTruncation,
  found: readonly (readonly Token[])[],
  room: number,
  file: string,
): PathlightError {
  return new PathlightError("tokenizer-invalid", "The two texts do not fit, and may not be cut so that they do.", {
    file,
    expected: `${room} tokens, cutting ${truncation}`,
    found: `${found.map(({ length }) => length).join(" and ")} tokens`,
    whatToDo: "Shorten the text, or set `truncation` of the text input in pathlight.json to longest-first.",
  });
}

function wordTooLong(length: number, file: string): PathlightError {
  return new PathlightError("sample-too-large", "The text has a word that is too long to be cut into tokens.", {
    expected: `at most ${formatCount(LONGEST_WORD)} characters that ${basename(file)} reads as one`,
    found: formatCount(length),
    whatToDo: "Choose a part of the text.",
  });
}

function cutsLeft(file: string): PathlightError {
  return new PathlightError("tokenizer-invalid", "The tokenizer cuts long texts at their start.", {
    file,
    expected: "truncation at the end, or a text that fits",
    found: 'truncation.direction "Left", and a text that does not fit',
    whatToDo: "Shorten the text, or save the token ids as .npy and explain those.",
  });
}

function maxLengthOf({ tokenizer, config }: TokenizerFiles): number {
  const named = config.model_max_length ?? Number.POSITIVE_INFINITY;
  const cut = tokenizer.truncation?.max_length ?? Number.POSITIVE_INFINITY;
  const length = Math.min(named >= NO_END ? Number.POSITIVE_INFINITY : named, cut);
  return Math.max(1, length);
}
