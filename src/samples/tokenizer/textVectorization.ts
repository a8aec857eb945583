import * as z from "zod";
import { PathlightError } from "../../common/errors.ts";
import type { Token } from "../../protocol/explanation.ts";
import type { TokenizerSpec } from "../../protocol/manifest.ts";
import { assemble } from "./assemble.ts";
import { type Piece, wordIndices } from "./pieces.ts";
import type { Tokenizer } from "./tokenizer.ts";

type Spec = Extract<TokenizerSpec, { type: "text-vectorization" }>;

/** The layer's `get_config()`, as far as it says how a text becomes ids. */
export const vectorizationConfigSchema = z.looseObject({
  standardize: z.unknown().optional(),
  split: z.unknown().optional(),
  ngrams: z.unknown().optional(),
  output_mode: z.unknown().optional(),
  encoding: z.unknown().optional(),
  vocabulary: z.array(z.string()).nullish(),
});

export type VectorizationConfig = z.output<typeof vectorizationConfigSchema>;

const standards = ["lower_and_strip_punctuation", "lower", "strip_punctuation"] as const;
const splits = ["whitespace", "character"] as const;
/** `DEFAULT_STRIP_REGEX` of Keras. */
const isStripped = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/;
/** What C calls a space; TensorFlow splits at no other. */
const isSpace = /[ \t\n\v\f\r]/;

/**
 * Keras' `TextVectorization` with `output_mode` "int": id 0 is padding, 1 a word that is not known. As in TensorFlow,
 * only the letters of ASCII are lowered. Throws `tokenizer-invalid` for what the layer does beyond that.
 */
export function textVectorization(
  spec: Spec,
  config: VectorizationConfig | null,
  vocabulary: readonly string[],
  file: string,
): Tokenizer {
  const standardize = optionOf("standardize", config?.standardize, spec.standardize, standards, file);
  const split = optionOf("split", config?.split, spec.split, splits, file);
  refuse("ngrams", config?.ngrams ?? null, null, file);
  refuse("output_mode", config?.output_mode ?? "int", "int", file);
  refuse("encoding", config?.encoding ?? "utf-8", "utf-8", file);
  const lowers = standardize !== null && standardize !== "strip_punctuation";
  const strips = standardize !== null && standardize !== "lower";
  // A list of the words alone stands behind the two that every such layer has.
  const words = vocabulary[0] === "" ? [...vocabulary] : ["", "[UNK]", ...vocabulary];
  const ids = new Map(words.map((word, id) => [word, id]));
  const padding = { id: 0, text: "[PAD]", file };
  return {
    padId: 0,
    unknownId: 1,
    maskId: ids.get("[mask]") ?? ids.get("[MASK]") ?? null,
    idLimit: words.length,
    encode(text, length, padSide) {
      const tokens = piecesOf(text, split, { lowers, strips }).map(({ form, start, end, word }): Token => {
        const id = ids.get(form) ?? 1;
        return { text: text.slice(start, end), id, start, end, special: id === 1 ? "unknown" : "none", word };
      });
      return assemble(text, tokens, length, padSide, padding);
    },
    idToToken(id) {
      if (id === 0) return { text: "[PAD]", special: "pad" };
      const text = words[id];
      return text === undefined ? null : { text, special: id === 1 ? "unknown" : "none" };
    },
  };
}

function piecesOf(
  text: string,
  split: (typeof splits)[number] | null,
  { lowers, strips }: { readonly lowers: boolean; readonly strips: boolean },
): Piece[] {
  const pieces: Piece[] = [];
  const words = split === "character" ? wordIndices(text) : null;
  let open: Piece | undefined;
  let at = 0;
  for (const character of text) {
    const start = at;
    at += character.length;
    if (strips && isStripped.test(character)) continue;
    if (split === "whitespace" && isSpace.test(character)) {
      open = undefined;
      continue;
    }
    const letter = lowers && /[A-Z]/.test(character) ? character.toLowerCase() : character;
    if (split === "character" || open === undefined) {
      open = { form: letter, start, end: at, word: words?.[start] ?? pieces.length };
      pieces.push(open);
    } else {
      open = { ...open, form: open.form + letter, end: at };
      pieces[pieces.length - 1] = open;
    }
  }
  return pieces;
}

/** The layer's own option goes before that of the manifest; null: the layer does nothing of the kind. */
function optionOf<T extends string>(
  name: string,
  own: unknown,
  asked: T | "none",
  known: readonly T[],
  file: string,
): T | null {
  if (own === undefined) return asked === "none" ? null : asked;
  if (own === null) return null;
  const found = known.find((candidate) => candidate === own);
  if (found !== undefined) return found;
  throw refused(name, own, `${known.join(", ")} or null`, file);
}

function refuse(name: string, found: unknown, expected: string | null, file: string): void {
  if (found !== expected) throw refused(name, found, JSON.stringify(expected), file);
}

function refused(name: string, found: unknown, expected: string, file: string): PathlightError {
  return new PathlightError("tokenizer-invalid", "The TextVectorization layer does what Pathlight does not.", {
    file,
    expected: `${name}: ${expected}`,
    found: `${name}: ${JSON.stringify(found).slice(0, 80)}`,
    whatToDo: "Save the token ids as .npy and explain those.",
  });
}
