import { PathlightError } from "../../../common/errors.ts";
import type { Token } from "../../../protocol/explanation.ts";
import type { TokenizerSpec } from "../../../protocol/manifest.ts";
import { assemble, noTokens } from "../assemble.ts";
import type { EncodedField, Tokenizer } from "../tokenizer.ts";
import { keptOfPair, type PairTruncation } from "../truncation.ts";
import { libraryModel } from "./library.ts";
import { pieceCutter } from "./pieceCutter.ts";
import { type SubwordModel, subwordModel } from "./subwords.ts";
import { type TemplatePart, templatesOf } from "./template.ts";
import type { TokenizerFiles } from "./tokenizerFile.ts";

type Spec = Extract<TokenizerSpec, { type: "huggingface" }>;

/** `model_max_length` of tokenizers that know no end. */
const NO_END = 1_000_000;
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
  ): { tokens: Token[]; types: number[]; ranges: { from: number; to: number }[] } => {
    const tokens: Token[] = [];
    const types: number[] = [];
    const ranges: { from: number; to: number }[] = [];
    let at = 0;
    for (const part of template) {
      if (part.kind === "special") {
        const text = model.tokens[part.id] ?? `#${part.id}`;
        tokens.push({ text, id: part.id, start: at, end: at, special: kindOf(part.id), word: -1 });
        types.push(part.type);
        continue;
      }
      const own = texts[part.field] ?? [];
      ranges[part.field] = { from: tokens.length, to: tokens.length + own.length };
      for (const token of own) tokens.push(token);
      for (let index = 0; index < own.length; index++) types.push(part.type);
      const field = fields[part.field];
      at = field === undefined || field.truncatedFrom === null ? (field?.end ?? 0) : (own.at(-1)?.end ?? field.start);
    }
    return { tokens, types, ranges };
  };
  /** The tokens of two texts, the second one's in the text of both. */
  const pairOf = (first: string, second: string, most?: number) => {
    const found = [tokensOf(first, most), tokensOf(second, most)] as const;
    const empty = found.findIndex((tokens) => tokens.length === 0);
    if (empty !== -1) throw noTokens([first, second][empty] ?? "");
    const offset = first.length + BETWEEN.length;
    const words = 1 + found[0].reduce((last, { word }) => Math.max(last, word), -1);
    const moved = found[1].map((token) => ({
      ...token,
      start: token.start + offset,
      end: token.end + offset,
      word: token.word + words,
    }));
    return { found: [found[0], moved] as const, offset, text: first + BETWEEN + second };
  };

  return {
    padId,
    maskId,
    unknownId,
    idLimit,
    maxLength: own === Number.POSITIVE_INFINITY ? undefined : own,
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
      const { found, offset, text } = pairOf(first, second);
      const kept = keptOfPair(found[0].length, found[1].length, room, truncation);
      if (kept === null) throw tooLong(truncation, found, room, file);
      refuseLeft(kept[0] < found[0].length || kept[1] < found[1].length);
      const fields: [EncodedField, EncodedField] = [
        { start: 0, end: first.length, ...cutAt(found[0], kept[0]) },
        { start: offset, end: text.length, ...cutAt(found[1], kept[1]) },
      ];
      const { tokens, types } = laidOut(pair, [found[0].slice(0, kept[0]), found[1].slice(0, kept[1])], fields);
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
    encodeWhole(first, second, most) {
      if (second === undefined) {
        const found = tokensOf(first, most + 1);
        if (found.length === 0) throw noTokens(first);
        const fields = [{ start: 0, end: first.length, truncatedFrom: null }];
        return { text: first, fields, ...laidOut(templates.single, [found], fields) };
      }
      const { pair } = templates;
      if (pair === null) throw noPair(file);
      const { found, offset, text } = pairOf(first, second, most + 1);
      const fields = [
        { start: 0, end: first.length, truncatedFrom: null },
        { start: offset, end: text.length, truncatedFrom: null },
      ];
      const truncation = strategyOf(tokenizer.truncation?.strategy);
      return { text, fields, truncation, ...laidOut(pair, found, fields) };
    },
    idToToken(id) {
      const text = model.tokens[id];
      return text === undefined ? null : { text, special: kindOf(id) };
    },
  };
}

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
