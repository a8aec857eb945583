import { isUncertain, rankByStrength } from "../../common/mapLayout.ts";
import type { TextAttribution, Token } from "../../protocol/explanation.ts";
import type { Span } from "./writtenText.ts";

/** A stretch of a document with what its token, or the tokens that share it, contributed. */
export interface TokenSpan extends Span {
  readonly value: number;
  /** Sum of the tokens' error estimates: an upper bound; null while unknown. */
  readonly error: number | null;
  /** Smaller than its own error, which is large enough to matter. */
  readonly uncertain: boolean;
  /** By |value| among all that the panel lists as tokens, from 1. */
  readonly rank: number;
  readonly tokens: readonly Token[];
}

/** Sum over tokens that stand for nothing in the document. */
export interface Unplaced {
  readonly count: number;
  readonly value: number;
}

export interface PlacedTokens {
  /** In order, never over one another. */
  readonly spans: readonly TokenSpan[];
  /** How many are ranked: the spans, each special token, and padding as one. */
  readonly ranked: number;
  /** Largest |value| of what is ranked: the end of the colour scale. */
  readonly limit: number;
  readonly special: Unplaced;
  readonly padding: Unplaced;
}

/** Where an attribution's text is written in the document: of [start, end), or null where it is not. */
export type PlaceOf = (start: number, end: number) => Span | null;

interface Piece {
  start: number;
  end: number;
  value: number;
  error: number | null;
  readonly tokens: Token[];
}

/**
 * The tokens of one or several attributions where they stand in a document. `source` gives the document's text: what is
 * nothing but the end of a line there is left out, since nothing could be seen of it.
 */
export function tokenSpans(
  parts: readonly { readonly attribution: TextAttribution; readonly placeOf: PlaceOf }[],
  source: (span: Span) => string,
): PlacedTokens {
  const pieces: Piece[] = [];
  const special: number[] = [];
  const padding: number[] = [];
  for (const { attribution, placeOf } of parts) collect(attribution, placeOf, pieces, special, padding);
  const shown = merged(pieces).filter((piece) => !/^[\r\n]*$/.test(source(piece)));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const values = [...shown.map(({ value }) => value), ...special, ...(padding.length === 0 ? [] : [sum(padding)])];
  const { rankOf } = rankByStrength(values);
  const limit = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return {
    spans: shown.map((piece, index) => ({
      ...piece,
      rank: rankOf[index] ?? 0,
      uncertain: piece.error !== null && isUncertain(piece.value, piece.error, limit),
    })),
    ranked: values.length,
    limit,
    special: { count: special.length, value: sum(special) },
    padding: { count: padding.length, value: sum(padding) },
  };
}

function collect(
  { tokens, values, cellErrors }: TextAttribution,
  placeOf: PlaceOf,
  pieces: Piece[],
  special: number[],
  padding: number[],
): void {
  // Estimates of another grain than the token say nothing of one.
  const errors = cellErrors?.length === tokens.length ? cellErrors : null;
  const byEnd = new Map<number, Piece>();
  const further: { readonly token: Token; readonly value: number; readonly error: number | null }[] = [];
  for (const [index, token] of tokens.entries()) {
    const value = values[index] ?? 0;
    const error = errors?.[index] ?? null;
    if (token.special === "pad") padding.push(value);
    else if (token.end > token.start) {
      const place = placeOf(token.start, token.end);
      if (place === null) special.push(value);
      else {
        const piece = { ...place, value, error, tokens: [token] };
        byEnd.set(token.end, piece);
        pieces.push(piece);
      }
    } else if (token.word >= 0) further.push({ token, value, error });
    else special.push(value);
  }
  // The further bytes of a character stand behind it with no width.
  for (const { token, value, error } of further) {
    const piece = byEnd.get(token.end);
    if (piece === undefined) special.push(value);
    else add(piece, value, error, [token]);
  }
}

function add(piece: Piece, value: number, error: number | null, tokens: readonly Token[]): void {
  piece.value += value;
  piece.error = piece.error === null || error === null ? null : piece.error + error;
  piece.tokens.push(...tokens);
}

/** Pieces that share a character become one: two tokens of one escape, a byte that both ends of a file hold. */
function merged(pieces: readonly Piece[]): Piece[] {
  const done: Piece[] = [];
  for (const piece of [...pieces].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const last = done.at(-1);
    if (last === undefined || piece.start >= last.end) done.push(piece);
    else {
      last.end = Math.max(last.end, piece.end);
      add(last, piece.value, piece.error, piece.tokens);
    }
  }
  return done;
}
