import type { ByteWindow } from "../../protocol/manifest.ts";
import type { FileEnds } from "./tokenizer.ts";

/** A stretch of a file, in bytes from its start; `to` is not part of it. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** What the model sees of a file. Where the file is small the two overlap; an empty one is all padding. */
export interface SeenBytes {
  readonly head: ByteRange;
  readonly tail: ByteRange;
  /** Between the two; null where nothing is left out. */
  readonly gap: ByteRange | null;
}

/** Blank space as Python's `bytes.strip()` has it, which is ASCII's. */
function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}

/**
 * Finds what a model with this window sees: of the first `block` bytes those after the blank space, of the last `block`
 * bytes those before it. The rule is that of Magika's feature extraction (version 2; magika 1.0.3, `magika.py`).
 */
export function seenBytes(ends: FileEnds, window: ByteWindow): SeenBytes {
  const { size } = ends;
  const block = Math.min(window.block, size);
  const tailAt = size - ends.tail.length;
  let first = 0;
  if (window.strip) while (first < block && isBlank(ends.head[first])) first++;
  let last = size;
  if (window.strip) while (last > size - block && isBlank(ends.tail[last - 1 - tailAt])) last--;
  const head = { from: first, to: Math.min(block, first + window.head) };
  const tail = { from: Math.max(size - block, last - window.tail), to: last };
  return { head, tail, gap: tail.from > head.to ? { from: head.to, to: tail.from } : null };
}
