import type { TextGap, Token } from "../../protocol/explanation.ts";
import type { PairTruncation } from "./truncation.ts";

export type PadSide = "left" | "right";

export interface Encoded {
  /** [length] */
  readonly ids: Int32Array;
  /** One a position, padding too. */
  readonly tokens: Token[];
  /** UTF-16 offset of the first character that the model does not see; null: it sees everything. */
  readonly truncatedFrom: number | null;
  /** See `gap` of a text's attribution. */
  readonly gap: TextGap | null;
  /** Tokens that the vocabulary does not have. */
  readonly unknownCount: number;
  /** Token type of each position, [length]; absent: 0 everywhere. */
  readonly types?: Int32Array | undefined;
}

/** Two texts as one sequence. `tokens` refer to `text`, in which both stand one below the other. */
export interface EncodedPair extends Encoded {
  readonly text: string;
  readonly fields: readonly [EncodedField, EncodedField];
  /** How what does not fit is cut. */
  readonly truncation: PairTruncation;
}

/** UTF-16 offsets in the text of the pair. */
export interface EncodedField {
  readonly start: number;
  readonly end: number;
  /** First offset of the field that the model does not see; null: it sees all of it. */
  readonly truncatedFrom: number | null;
}

/** The two ends of a file: its first bytes and its last; they overlap, or are all of it, in a small file. */
export interface FileEnds {
  readonly size: number;
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
}

/** How a model reads whole files. */
export interface FileReader {
  /** Bytes that it wants of each end. */
  readonly wanted: number;
  /** The text is what of the file can be shown, as `tokens` refer to it. Throws what {@link Tokenizer.encode} throws. */
  encode(ends: FileEnds, length: number | null): { readonly text: string; readonly encoded: Encoded };
}

/** One text, or two as one sequence, with the special tokens around them, neither cut nor padded. */
export interface WholeText {
  /** What `tokens` refer to. */
  readonly text: string;
  readonly tokens: readonly Token[];
  /** Token type of each; absent: 0 everywhere. */
  readonly types?: readonly number[] | undefined;
  /** UTF-16 offsets of each text in `text`. */
  readonly fields: readonly { readonly start: number; readonly end: number }[];
  /** The tokens of each text, as positions among `tokens`; `to` is not among them. */
  readonly ranges: readonly { readonly from: number; readonly to: number }[];
  /** Of two texts: how the tokenizer's files cut what does not fit. */
  readonly truncation?: PairTruncation | undefined;
}

export interface Tokenizer {
  /** Set where files of any type are samples; texts then are read as such files. */
  readonly files?: FileReader | undefined;
  /**
   * The text as `length` positions: what is too long is cut at the end, what is too short is padded on `padSide`;
   * `length` null: as many as the text has. Throws `sample-empty` for a text without tokens and `tokenizer-invalid`
   * where padding or an unknown token is needed and the vocabulary has none.
   */
  encode(text: string, length: number | null, padSide: PadSide): Encoded;
  /**
   * Two texts as one sequence, as for {@link encode}; absent: the tokenizer does not say how. `truncation` undefined:
   * what its files say. Throws `tokenizer-invalid` also where nothing is left of the text that alone may be cut.
   */
  encodePair?(
    first: string,
    second: string,
    length: number | null,
    padSide: PadSide,
    truncation: PairTruncation | undefined,
  ): EncodedPair;
  /** Most positions of a sequence that its own files allow, special tokens included; absent: they say nothing. */
  readonly maxLength?: number | undefined;
  /**
   * What {@link encode} and {@link encodePair} read before they cut and pad; absent: `encode` with no length gives it.
   * Of each text at least `most` + 1 tokens are read where it has so many. Throws what those throw.
   */
  encodeWhole?(first: string, second: string | undefined, most: number): WholeText;
  /** The token of an id, as for {@link encode} but without a place in a text; null: no such id. */
  idToToken(id: number): Pick<Token, "text" | "special"> | null;
  readonly padId: number | null;
  readonly unknownId: number | null;
  readonly maskId: number | null;
  /** Ids are below this. */
  readonly idLimit: number;
}
