import * as z from "zod";
import { PathlightError } from "../../common/errors.ts";
import type { Token } from "../../protocol/explanation.ts";
import type { TokenizerSpec } from "../../protocol/manifest.ts";
import { assemble } from "./assemble.ts";
import { mapText } from "./lowercase.ts";
import { type Piece, wordIndices } from "./pieces.ts";
import type { Tokenizer } from "./tokenizer.ts";

type Spec = Extract<TokenizerSpec, { type: "word-index" }>;

const indexSchema = z.record(z.string(), z.int().min(1));
const optionsSchema = z.looseObject({
  num_words: z.int().min(1).nullish(),
  filters: z.string().nullish(),
  lower: z.boolean().nullish(),
  split: z.string().min(1).nullish(),
  char_level: z.boolean().nullish(),
  oov_token: z.string().nullish(),
  /** JSON in JSON, as Keras writes it. */
  word_index: z.string(),
});
const savedSchema = z.looseObject({ class_name: z.literal("Tokenizer"), config: optionsSchema });

/** The filters of Keras' Tokenizer, which become blanks. */
const defaultFilters = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n';

/**
 * The `Tokenizer` of Keras 2: `tokenizer.to_json()`, or its `word_index` alone with the other options in the manifest. A
 * word that is not known is the OOV token, or is left out where there is none, as in Keras; 0 is padding. Throws
 * `tokenizer-invalid`.
 */
export function wordIndexTokenizer(spec: Spec, json: unknown, file: string): Tokenizer {
  const { ids, options } = readIndex(spec, json, file);
  const { lower, filters, split, charLevel, numWords, oov } = options;
  const unknownId = oov === null ? null : (ids.get(oov) ?? null);
  if (oov !== null && unknownId === null) throw invalid(file, `the token ${JSON.stringify(oov)}`, "no such word");
  const tokens = new Map([...ids].map(([word, id]) => [id, word]));
  const idOf = (form: string): number | null => {
    const id = ids.get(form);
    return id === undefined || (numWords !== null && id >= numWords) ? unknownId : id;
  };
  const largest = Math.max(...ids.values());
  const padding = { id: 0, text: "[PAD]", file };
  return {
    padId: 0,
    unknownId,
    maskId: null,
    idLimit: Math.max(numWords === null ? largest + 1 : Math.min(numWords, largest + 1), (unknownId ?? 0) + 1),
    encode(text, length, padSide) {
      const pieces = charLevel ? characters(text, lower) : words(text, lower, filters, split);
      const found = pieces.flatMap(({ form, start, end, word }): Token[] => {
        const id = idOf(form);
        if (id === null) return [];
        const special = id === unknownId ? "unknown" : "none";
        return [{ text: text.slice(start, end), id, start, end, special, word }];
      });
      return assemble(text, found, length, padSide, padding);
    },
    idToToken(id) {
      if (id === 0) return { text: "[PAD]", special: "pad" };
      const text = tokens.get(id);
      return text === undefined ? null : { text, special: id === unknownId ? "unknown" : "none" };
    },
  };
}

interface Options {
  readonly lower: boolean;
  readonly filters: string;
  readonly split: string;
  readonly charLevel: boolean;
  /** Ids from here on are not known; null: all are. */
  readonly numWords: number | null;
  readonly oov: string | null;
}

function readIndex(
  spec: Spec,
  json: unknown,
  file: string,
): { readonly ids: ReadonlyMap<string, number>; readonly options: Options } {
  const saved = savedSchema.safeParse(json);
  const config = saved.success ? saved.data.config : null;
  const index = indexSchema.safeParse(config === null ? json : inner(config.word_index));
  if (!index.success) {
    throw invalid(file, "tokenizer.to_json() of Keras, or its word_index: words with ids from 1", "other JSON");
  }
  if (Object.keys(index.data).length === 0) throw invalid(file, "at least one word", "none");
  return {
    ids: new Map(Object.entries(index.data)),
    options: {
      lower: config?.lower ?? spec.lowercase,
      filters: config?.filters ?? spec.filters ?? defaultFilters,
      split: config?.split ?? spec.split,
      charLevel: config?.char_level ?? spec.characters,
      numWords: config === null ? (spec.numWords ?? null) : (config.num_words ?? null),
      oov: config === null ? (spec.unknown ?? null) : (config.oov_token ?? null),
    },
  };
}

function inner(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // What is no JSON is no index either, and is refused as such.
    return null;
  }
}

function characters(text: string, lower: boolean): Piece[] {
  const mapped = mapText(text, lower);
  const blankWords = wordIndices(text);
  const pieces: Piece[] = [];
  let at = 0;
  let reached = 0;
  for (const form of mapped.text) {
    const start = Math.max(reached, mapped.starts[at] ?? 0);
    at += form.length;
    const end = Math.max(start, mapped.ends[at - 1] ?? start);
    pieces.push({ form, start, end, word: blankWords[start] ?? -1 });
    reached = end;
  }
  return pieces;
}

/** `text_to_word_sequence`: filtered characters become the separator, and what is between separators is a word. */
function words(text: string, lower: boolean, filters: string, split: string): Piece[] {
  const mapped = mapText(text, lower);
  const filtered = new Set(filters);
  let spaced = "";
  const units: number[] = [];
  let at = 0;
  for (const character of mapped.text) {
    const written = filtered.has(character) ? split : character;
    for (let unit = 0; unit < written.length; unit++) {
      spaced += written.charAt(unit);
      units.push(at + (written === character ? unit : 0));
    }
    at += character.length;
  }
  const pieces: Piece[] = [];
  let from = 0;
  while (from <= spaced.length) {
    const next = spaced.indexOf(split, from);
    const to = next === -1 ? spaced.length : next;
    if (to > from) {
      const start = mapped.starts[units[from] ?? 0] ?? 0;
      const end = mapped.ends[units[to - 1] ?? 0] ?? start;
      pieces.push({ form: spaced.slice(from, to), start, end, word: pieces.length });
    }
    from = to + split.length;
  }
  return pieces;
}

function invalid(file: string, expected: string, found: string): PathlightError {
  return new PathlightError("tokenizer-invalid", "The word index cannot be read.", {
    file,
    expected,
    found,
    whatToDo: "Use the tokenizer that the model was trained with.",
  });
}
