/** Text on its way to the vocabulary: each UTF-16 unit came from `starts[i]` to `ends[i]` of the original. */
export interface AlignedText {
  readonly text: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Puts an {@link AlignedText} together from front to back, in time that grows with its length only. */
export class AlignedBuilder {
  readonly #parts: string[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** A stretch of another text as it stands. */
  copy(source: AlignedText, from: number, to: number): void {
    if (to <= from) return;
    this.#parts.push(source.text.slice(from, to));
    for (let at = from; at < to; at++) {
      this.#starts.push(source.starts[at] ?? 0);
      this.#ends.push(source.ends[at] ?? 0);
    }
  }

  /** Text that came from a stretch of the original, `start` to `end`. */
  put(text: string, start: number, end: number): void {
    if (text === "") return;
    this.#parts.push(text);
    for (let unit = 0; unit < text.length; unit++) {
      this.#starts.push(start);
      this.#ends.push(end);
    }
  }

  /** `text` in place of the stretch, or the stretch itself where it says the same. */
  replace(source: AlignedText, from: number, to: number, text: string): void {
    if (to - from === text.length && source.text.startsWith(text, from)) {
      this.copy(source, from, to);
      return;
    }
    const { start, end } = spanOf(source, from, to);
    this.put(text, start, end);
  }

  done(): AlignedText {
    return { text: this.#parts.join(""), starts: this.#starts, ends: this.#ends };
  }
}

/** A part of the original as it stands, `offset` being its place there. */
export function originalText(text: string, offset: number): AlignedText {
  const starts: number[] = [];
  const ends: number[] = [];
  let at = offset;
  for (const character of text) {
    for (let unit = 0; unit < character.length; unit++) {
      starts.push(at);
      ends.push(at + character.length);
    }
    at += character.length;
  }
  return { text, starts, ends };
}

export function slice(source: AlignedText, from: number, to: number): AlignedText {
  const { text, starts, ends } = source;
  if (from === 0 && to === text.length) return source;
  return { text: text.slice(from, to), starts: starts.slice(from, to), ends: ends.slice(from, to) };
}

/** The span of the original that a stretch came from; empty, at its place, for what came from nothing. */
export function spanOf({ starts, ends }: AlignedText, from: number, to: number): { start: number; end: number } {
  const start = starts[from] ?? ends.at(-1) ?? 0;
  let end = start;
  for (let at = from; at < to; at++) end = Math.max(end, ends[at] ?? end);
  return { start, end };
}

/** The text with another in front of it, which came from nothing. */
export function prefixed(text: string, source: AlignedText): AlignedText {
  const start = source.starts[0] ?? 0;
  const whole = new AlignedBuilder();
  whole.put(text, start, start);
  whole.copy(source, 0, source.text.length);
  return whole.done();
}

/** Each match of `pattern` (flag `g`) replaced by `content`. */
export function replaceAll(source: AlignedText, pattern: RegExp, content: string): AlignedText {
  const whole = new AlignedBuilder();
  let reached = 0;
  for (const match of source.text.matchAll(pattern)) {
    const to = match.index + match[0].length;
    const { start, end } = spanOf(source, match.index, to);
    whole.copy(source, reached, match.index);
    whole.put(content, start, end);
    reached = to;
  }
  if (reached === 0) return source;
  whole.copy(source, reached, source.text.length);
  return whole.done();
}

/** `change` applied to each Unicode character. */
export function mapCharacters(source: AlignedText, change: (character: string) => string): AlignedText {
  const whole = new AlignedBuilder();
  let at = 0;
  for (const character of source.text) {
    const to = at + character.length;
    whole.replace(source, at, to, change(character));
    at = to;
  }
  return whole.done();
}

/**
 * A base character with the marks on it, or a run of Hangul letters: what Unicode's normal forms change as one. The
 * half-width voicing marks of Katakana become combining marks under NFKC.
 */
const cluster =
  /[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc]+\p{M}*|[\s\S][\p{M}\u{ff9e}\u{ff9f}\u200d]*/gu;

/**
 * A change of the whole text, such as a normal form of Unicode, applied to each cluster, and to each character of one
 * where that comes to the same. Where the whole comes out otherwise, the stretch that differs has no places inside it.
 */
export function mapWhole(source: AlignedText, change: (text: string) => string): AlignedText {
  const changed = change(source.text);
  if (changed === source.text) return source;
  const mapped = new AlignedBuilder();
  for (const match of source.text.matchAll(cluster)) {
    const from = match.index;
    const to = from + match[0].length;
    const together = change(match[0]);
    const parts = [...match[0]].map((character) => [character, change(character)] as const);
    if (parts.map(([, part]) => part).join("") !== together) {
      mapped.replace(source, from, to, together);
      continue;
    }
    let at = from;
    for (const [character, part] of parts) {
      mapped.replace(source, at, at + character.length, part);
      at += character.length;
    }
  }
  return corrected(mapped.done(), changed);
}

/** `mapped` with another text, whose differing middle has no places inside it. */
function corrected(mapped: AlignedText, text: string): AlignedText {
  if (mapped.text === text) return mapped;
  const most = Math.min(mapped.text.length, text.length);
  let front = 0;
  while (front < most && mapped.text[front] === text[front]) front++;
  let back = 0;
  while (back < most - front && mapped.text.at(-1 - back) === text.at(-1 - back)) back++;
  const { start, end } = spanOf(mapped, front, mapped.text.length - back);
  const whole = new AlignedBuilder();
  whole.copy(mapped, 0, front);
  whole.put(text.slice(front, text.length - back), start, end);
  whole.copy(mapped, mapped.text.length - back, mapped.text.length);
  return whole.done();
}
