import { PathlightError } from "../../common/errors.ts";
import type { Token } from "../../protocol/explanation.ts";
import type { TokenizerSpec } from "../../protocol/manifest.ts";
import { assemble } from "./assemble.ts";
import { characterPieces, type Piece, wordPieces } from "./pieces.ts";
import type { Tokenizer } from "./tokenizer.ts";
import type { Vocabulary } from "./vocabulary.ts";

type Spec = Extract<TokenizerSpec, { type: "words" | "characters" }>;

/** One word (letters, marks, digits, underscore), or one other mark: `\w+|[^\w\s]` of Python for all scripts. */
export const defaultPattern = String.raw`[\p{L}\p{M}\p{N}_]+|[^\s\p{L}\p{M}\p{N}_]`;

/** What the special tokens are called where the vocabulary does not have the default of the manifest. */
const otherNames = {
  "[PAD]": ["<pad>", "<PAD>", "PAD", ""],
  "[UNK]": ["<unk>", "<UNK>", "[OOV]", "<OOV>", "<oov>", "UNK"],
  "[MASK]": ["<mask>", "<MASK>", "MASK"],
} as const;

interface Special {
  readonly text: string;
  readonly id: number | null;
}

/** Words or characters looked up in a vocabulary. Throws `tokenizer-invalid` for a pattern that is no expression. */
export function vocabularyTokenizer(spec: Spec, vocabulary: Vocabulary): Tokenizer {
  const { file, ids } = vocabulary;
  const split = splitter(spec, file);
  const unknown = special(spec.unknown, vocabulary);
  const mask = special(spec.mask ?? "[MASK]", vocabulary);
  let pad = special(spec.pad, vocabulary);
  // Keras' Tokenizer leaves 0 for padding and gives it no entry.
  if (pad.id === null && spec.pad === "[PAD]" && !vocabulary.tokens.has(0)) pad = { text: "[PAD]", id: 0 };
  if (spec.mask !== undefined && mask.id === null) throw missing("mask", spec.mask, file);

  const kindOf = (id: number): Token["special"] => {
    if (id === pad.id) return "pad";
    if (id === unknown.id) return "unknown";
    return id === mask.id ? "mask" : "none";
  };
  return {
    padId: pad.id,
    unknownId: unknown.id,
    maskId: mask.id,
    idLimit: vocabulary.largestId + 1,
    encode(text, length, padSide) {
      const tokens = split(text).map((piece): Token => {
        const known = ids.get(piece.form);
        const id = known ?? unknown.id;
        if (id === null) throw unknownWord(piece.form, spec.unknown, file);
        const shown = text.slice(piece.start, piece.end);
        const { start, end, word } = piece;
        return { text: shown, id, start, end, special: known === undefined ? "unknown" : kindOf(id), word };
      });
      return assemble(text, tokens, length, padSide, { ...pad, file });
    },
    idToToken(id) {
      if (id === pad.id) return { text: pad.text, special: "pad" };
      const text = vocabulary.tokens.get(id);
      return text === undefined ? null : { text, special: kindOf(id) };
    },
  };
}

function splitter(spec: Spec, file: string): (text: string) => Piece[] {
  if (spec.type === "characters") return (text) => characterPieces(text, spec.lowercase);
  const source = spec.pattern ?? defaultPattern;
  try {
    const pattern = new RegExp(source, "gu");
    return (text) => wordPieces(text, pattern, spec.lowercase);
  } catch (cause) {
    throw new PathlightError(
      "tokenizer-invalid",
      "The pattern of the tokenizer is not a regular expression.",
      {
        file,
        expected: "a regular expression that is valid with the flag u",
        found: cause instanceof Error ? cause.message : source,
        whatToDo: "Correct `pattern` of the tokenizer in pathlight.json.",
      },
      cause,
    );
  }
}

/** A special token by its name, or by another usual name where the name is the default. */
function special(name: string, vocabulary: Vocabulary): Special {
  const names = [name, ...(isDefault(name) ? otherNames[name] : [])];
  const text = names.find((candidate) => vocabulary.ids.has(candidate));
  if (text === undefined) return { text: name, id: null };
  return { text: text === "" ? name : text, id: vocabulary.ids.get(text) ?? null };
}

function isDefault(name: string): name is keyof typeof otherNames {
  return name in otherNames;
}

function missing(what: string, token: string, file: string): PathlightError {
  return new PathlightError("tokenizer-invalid", `The vocabulary does not have the ${what} token.`, {
    file,
    expected: JSON.stringify(token),
    found: "no such token",
    whatToDo: `Correct \`${what}\` of the tokenizer in pathlight.json.`,
  });
}

function unknownWord(form: string, unknown: string, file: string): PathlightError {
  return new PathlightError("tokenizer-invalid", "The text has a token that the vocabulary does not have.", {
    file,
    expected: `${JSON.stringify(form)} in the vocabulary, or an unknown token (${JSON.stringify(unknown)})`,
    found: "neither",
    whatToDo: "Name the token for unknown words as `unknown` of the tokenizer in pathlight.json.",
  });
}
