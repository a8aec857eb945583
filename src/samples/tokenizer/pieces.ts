import { mapText } from "./lowercase.ts";

/** A stretch of the text that becomes one token. */
export interface Piece {
  /** What is looked up in the vocabulary. */
  readonly form: string;
  /** UTF-16 offsets in the original text, ordered and without overlap. */
  readonly start: number;
  readonly end: number;
  /** Index of the word; -1 for blank space between words. */
  readonly word: number;
}

/** The matches of `pattern` (flags `gu`) in the text, each a word. */
export function wordPieces(text: string, pattern: RegExp, lowercase: boolean): Piece[] {
  const mapped = mapText(text, lowercase);
  const pieces: Piece[] = [];
  let reached = 0;
  for (const match of mapped.text.matchAll(pattern)) {
    const form = match[0];
    if (form === "") continue;
    const start = Math.max(reached, mapped.starts[match.index] ?? 0);
    const end = Math.max(start, mapped.ends[match.index + form.length - 1] ?? start);
    pieces.push({ form, start, end, word: pieces.length });
    reached = end;
  }
  return pieces;
}

/** One piece a Unicode code point; words are what stands between blank space. */
export function characterPieces(text: string, lowercase: boolean): Piece[] {
  const mapped = mapText(text, lowercase);
  const pieces: Piece[] = [];
  const words = wordIndices(text);
  let reached = 0;
  let at = 0;
  for (const form of mapped.text) {
    const start = Math.max(reached, mapped.starts[at] ?? 0);
    const end = Math.max(start, mapped.ends[at + form.length - 1] ?? start);
    pieces.push({ form, start, end, word: words[mapped.starts[at] ?? 0] ?? -1 });
    reached = end;
    at += form.length;
  }
  return pieces;
}

/** Index of the word at each UTF-16 offset, -1 in blank space. */
export function wordIndices(text: string): Int32Array {
  const indices = new Int32Array(text.length).fill(-1);
  let word = -1;
  let inside = false;
  for (let at = 0; at < text.length; at++) {
    const blank = /\s/.test(text.charAt(at));
    if (!blank && !inside) word++;
    inside = !blank;
    if (inside) indices[at] = word;
  }
  return indices;
}
