import { BPE, type Model, WordPiece } from "@huggingface/tokenizers";
import { PathlightError } from "../../../common/errors.ts";
import type { TokenizerFiles, TokenizerModel } from "./tokenizerFile.ts";
import { Unigram } from "./unigram.ts";

/** A part of a word that has an id. */
export interface Subword {
  readonly id: number;
  /** As the vocabulary has it. */
  readonly text: string;
  /** UTF-16 units of the word that it stands for; 0 for a further byte of the character before it. */
  readonly length: number;
  readonly unknown: boolean;
}

export interface SubwordModel {
  readonly ids: ReadonlyMap<string, number>;
  readonly tokens: readonly (string | undefined)[];
  readonly unknownId: number | null;
  /** The time for a word grows with its length only. */
  readonly isLinear: boolean;
  /** Throws `tokenizer-invalid` for a part that has no id where there is no unknown token either. */
  split(word: string): Subword[];
}

/** The model of a tokenizer file, with the places of its parts, which the library does not tell. */
export function subwordModel({ file, tokenizer }: TokenizerFiles, library: Model): SubwordModel {
  const { model } = tokenizer;
  const ids = library.tokens_to_ids;
  const { unk_token: named } = model;
  const unknownId = library.unk_token_id ?? (named ? (ids.get(named) ?? null) : null);
  const unigram = unigramOf(model);
  const fuse = unigram !== null || model.fuse_unk === true;
  const known = (text: string, length: number): Subword => ({ id: ids.get(text) ?? 0, text, length, unknown: false });
  const missing = (text: string): Subword[] => {
    const bytes = model.byte_fallback === true ? byteTokens(text, ids) : null;
    if (bytes !== null) return bytes.map((token, index) => known(token, index === 0 ? text.length : 0));
    if (unknownId !== null) return [{ id: unknownId, text, length: text.length, unknown: true }];
    throw new PathlightError("tokenizer-invalid", "The text has a character that the tokenizer does not have.", {
      file,
      expected: `a token for ${JSON.stringify(text)}, or an unknown token`,
      found: "neither",
      whatToDo: "Take the character out of the text, or use the tokenizer that the model was trained with.",
    });
  };
  const fused = (parts: readonly Subword[]): Subword[] => {
    const done: Subword[] = [];
    for (const part of parts) {
      const last = done.at(-1);
      if (fuse && part.unknown && last?.unknown === true) {
        done[done.length - 1] = { ...last, text: last.text + part.text, length: last.length + part.length };
      } else done.push(part);
    }
    return done;
  };
  return {
    ids,
    tokens: library.vocab,
    unknownId,
    // A long word is one unknown token to WordPiece, and any word is one token to WordLevel.
    isLinear: unigram === null && !(library instanceof BPE),
    split(word) {
      if (word === "") return [];
      if (library instanceof WordPiece)
        return wordPieces(library, word, model.continuing_subword_prefix ?? "##", missing);
      if (unigram !== null) {
        const pieces = unigram.split(word);
        return fused(pieces.flatMap((text) => (ids.has(text) ? [known(text, text.length)] : missing(text))));
      }
      if (!(library instanceof BPE)) return ids.has(word) ? [known(word, word.length)] : missing(word);
      if (model.ignore_merges === true && ids.has(word)) return [known(word, word.length)];
      const suffix = model.end_of_word_suffix ?? "";
      const pieces = library.bpe(word);
      return fused(
        pieces.flatMap((text, index) => {
          const own = index === pieces.length - 1 ? text.slice(0, text.length - suffix.length) : text;
          return ids.has(text) ? [known(text, own.length)] : missing(own);
        }),
      );
    },
  };
}

function unigramOf({ type, vocab }: TokenizerModel): Unigram | null {
  return Array.isArray(vocab) && (type === undefined || type === "Unigram") ? new Unigram(vocab) : null;
}

/** The whole word is unknown where a part of it is. */
function wordPieces(library: WordPiece, word: string, prefix: string, missing: (text: string) => Subword[]): Subword[] {
  const pieces = library.encode([word]);
  const parts = pieces.map((text, index): Subword => {
    const own = index === 0 ? text : text.slice(prefix.length);
    return { id: library.tokens_to_ids.get(text) ?? 0, text, length: own.length, unknown: false };
  });
  const spelt = pieces.map((text, index) => (index === 0 ? text : text.slice(prefix.length))).join("");
  return spelt === word ? parts : missing(word);
}

function byteTokens(text: string, ids: ReadonlyMap<string, number>): string[] | null {
  const tokens = Array.from(
    new TextEncoder().encode(text),
    (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  );
  return tokens.every((token) => ids.has(token)) ? tokens : null;
}
