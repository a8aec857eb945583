import { byteText } from "./byteText.ts";
import type { ByteRange } from "./byteWindow.ts";
import type { FileEnds } from "./tokenizer.ts";

/** Where a byte stands in what is shown. */
export interface BytePlace {
  /** UTF-16 offsets of its character in the text; equal for a byte order mark, which an editor does not show. */
  readonly start: number;
  readonly end: number;
  /** Its place in the character, from 0. */
  readonly part: number;
  readonly word: number;
}

/** A file as text, without the bytes of the gap. */
export interface FileText {
  readonly text: string;
  /** UTF-16 offset of the gap. */
  readonly gapAt: number;
  /** `byte`: place in the file; undefined for one that is not shown. */
  place(byte: number): BytePlace | undefined;
}

interface Part {
  readonly range: ByteRange;
  readonly text: string;
  /** UTF-16 offset of the character of each byte in `text`, its length, and the byte's place in it. */
  readonly starts: Int32Array;
  readonly lengths: Uint8Array;
  readonly parts: Uint8Array;
}

/**
 * Shows the start and the end of a file as text where both are UTF-8, a character that the gap cuts being shown whole;
 * else as bytes. A byte order mark is no character, as in an editor.
 */
export function fileText(ends: FileEnds, gap: ByteRange | null): FileText {
  const { size } = ends;
  const ranges: ByteRange[] =
    gap === null
      ? [{ from: 0, to: size }]
      : [
          { from: 0, to: gap.from },
          { from: gap.to, to: size },
        ];
  const whole = joined(ranges.map((range) => wholeCharacters(ends, range)));
  const asText = whole.map((range) => decoded(bytesOf(ends, range), range));
  const texts = asText.filter((part) => part !== null);
  const isText = texts.length === asText.length;
  const parts = isText ? texts : ranges.map((range) => rendered(bytesOf(ends, range), range));
  const text = parts.map((part) => part.text).join("");
  const words = isText ? identifierWords(text) : null;
  const byteWords = words === null ? parts.map(({ range }) => binaryWords(bytesOf(ends, range))) : [];
  return {
    text,
    gapAt: gapOffset(parts, gap),
    place(byte) {
      let offset = 0;
      let firstWord = 0;
      for (const [index, { range, text: shown, starts, lengths, parts: places }] of parts.entries()) {
        const own = byteWords[index];
        if (byte >= range.from && byte < range.to) {
          const at = byte - range.from;
          const start = offset + (starts[at] ?? 0);
          const word = words === null ? firstWord + (own?.[at] ?? 0) : (words[start] ?? -1);
          const length = lengths[at] ?? 0;
          return { start, end: start + length, part: places[at] ?? 0, word: length === 0 ? -1 : word };
        }
        offset += shown.length;
        firstWord += (own?.at(-1) ?? -1) + 1;
      }
      return undefined;
    },
  };
}

/** A gap inside one character leaves nothing out of the text. */
function joined(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const [first, second] = ranges;
  if (first === undefined || second === undefined || first.to <= second.from) return ranges;
  return [{ from: first.from, to: second.to }];
}

function gapOffset(parts: readonly Part[], gap: ByteRange | null): number {
  const [first] = parts;
  if (first === undefined || gap === null) return 0;
  return parts.length > 1 ? first.text.length : (first.starts[gap.from] ?? 0);
}

function byteAt({ size, head, tail }: FileEnds, at: number): number | undefined {
  return at < head.length ? head[at] : tail[at - (size - tail.length)];
}

function bytesOf(ends: FileEnds, { from, to }: ByteRange): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, to - from));
  for (let at = from; at < to; at++) bytes[at - from] = byteAt(ends, at) ?? 0;
  return bytes;
}

/** The range with the characters that it cuts, as far as the bytes are known. */
function wholeCharacters(ends: FileEnds, { from, to }: ByteRange): ByteRange {
  const continues = (at: number): boolean => {
    const byte = at < 0 || at >= ends.size ? undefined : byteAt(ends, at);
    return byte !== undefined && (byte & 0xc0) === 0x80;
  };
  let start = from;
  let end = to;
  // A character has four bytes at most.
  while (start > 0 && from - start < 3 && continues(start)) start--;
  while (end < ends.size && end - to < 3 && continues(end)) end++;
  return { from: start, to: end };
}

function decoded(bytes: Uint8Array, range: ByteRange): Part | null {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // No UTF-8: shown as bytes instead.
    return null;
  }
  const starts = new Int32Array(bytes.length);
  const lengths = new Uint8Array(bytes.length);
  const parts = new Uint8Array(bytes.length);
  const mark = range.from === 0 && text.startsWith("\uFEFF");
  let at = 0;
  let shown = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    const length = mark && at === 0 ? 0 : character.length;
    for (let part = 0; part < size; part++) {
      starts[at + part] = shown;
      lengths[at + part] = length;
      parts[at + part] = part;
    }
    at += size;
    shown += length;
  }
  return { range, text: mark ? text.slice(1) : text, starts, lengths, parts };
}

function rendered(bytes: Uint8Array, range: ByteRange): Part {
  const starts = new Int32Array(bytes.length);
  const lengths = new Uint8Array(bytes.length);
  let text = "";
  for (const [at, byte] of bytes.entries()) {
    const shown = byteText(byte);
    starts[at] = text.length;
    lengths[at] = shown.length;
    text += shown;
  }
  return { range, text, starts, lengths, parts: new Uint8Array(bytes.length) };
}

/**
 * Index of the word at each UTF-16 offset, -1 in blank space: names, and runs of other marks. What stands between blank
 * space alone is a line of code more often than a word.
 */
function identifierWords(text: string): Int32Array {
  const indices = new Int32Array(text.length).fill(-1);
  let word = 0;
  for (const match of text.matchAll(/[\p{L}\p{M}\p{N}_$]+|[^\s\p{L}\p{M}\p{N}_$]+/gu)) {
    indices.fill(word++, match.index, match.index + match[0].length);
  }
  return indices;
}

const BINARY_WORD = 8;

/** Words of bytes that are no text: printable runs, runs of one value, and else eight bytes at a time. */
function binaryWords(bytes: Uint8Array): Int32Array {
  const words = new Int32Array(bytes.length);
  const printable = (at: number): boolean => (bytes[at] ?? 0) > 0x20 && (bytes[at] ?? 0) < 0x7f;
  let word = -1;
  let start = 0;
  for (let at = 0; at < bytes.length; at++) {
    const sameRun = bytes[at] === bytes[at - 1] && (at - start === 1 || bytes[at] === bytes[start]);
    const sameText = printable(at) && printable(start) && printable(at - 1);
    const sameGroup = !printable(at) && !printable(start) && at - start < BINARY_WORD && bytes[at] !== bytes[at - 1];
    if (at === 0 || !(sameRun || sameText || sameGroup)) {
      word++;
      start = at;
    }
    words[at] = word;
  }
  return words;
}
