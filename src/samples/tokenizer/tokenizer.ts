import type { Token } from "../../protocol/explanation.ts";

export type PadSide = "left" | "right";

export interface Encoded {
  /** [length] */
  readonly ids: Int32Array;
  /** One a position, padding too. */
  readonly tokens: Token[];
  /** UTF-16 offset of the first character that the model does not see; null: it sees everything. */
  readonly truncatedFrom: number | null;
  /** Tokens that the vocabulary does not have. */
  readonly unknownCount: number;
}

export interface Tokenizer {
  /**
   * The text as `length` positions: what is too long is cut at the end, what is too short is padded on `padSide`;
   * `length` null: as many as the text has. Throws `sample-empty` for a text without tokens and `tokenizer-invalid`
   * where padding or an unknown token is needed and the vocabulary has none.
   */
  encode(text: string, length: number | null, padSide: PadSide): Encoded;
  /** The token of an id, as for {@link encode} but without a place in a text; null: no such id. */
  idToToken(id: number): Pick<Token, "text" | "special"> | null;
  readonly padId: number | null;
  readonly unknownId: number | null;
  readonly maskId: number | null;
  /** Ids are below this. */
  readonly idLimit: number;
}
