/** Text on its way to the vocabulary: each UTF-16 unit came from `starts[i]` to `ends[i]` of the original. */
export interface AlignedText {
  readonly text: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
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

export function slice({ text, starts, ends }: AlignedText, from: number, to: number): AlignedText {
  return { text: text.slice(from, to), starts: starts.slice(from, to), ends: ends.slice(from, to) };
}

export function joined(parts: readonly AlignedText[]): AlignedText {
  return {
    text: parts.map((part) => part.text).join(""),
    starts: parts.flatMap((part) => part.starts),
    ends: parts.flatMap((part) => part.ends),
  };
}

/** The span of the original that a stretch came from; empty, at its place, for what came from nothing. */
export function spanOf({ starts, ends }: AlignedText, from: number, to: number): { start: number; end: number } {
  const start = starts[from] ?? ends.at(-1) ?? 0;
  let end = start;
  for (let at = from; at < to; at++) end = Math.max(end, ends[at] ?? end);
  return { start, end };
}

/** Other text in the place of a stretch of the original. */
export function replacement(text: string, start: number, end: number): AlignedText {
  return { text, starts: new Array<number>(text.length).fill(start), ends: new Array<number>(text.length).fill(end) };
}

/** Each match of `pattern` (flag `g`) replaced by `content`. */
export function replaceAll(source: AlignedText, pattern: RegExp, content: string): AlignedText {
  const parts: AlignedText[] = [];
  let reached = 0;
  for (const match of source.text.matchAll(pattern)) {
    const to = match.index + match[0].length;
    const { start, end } = spanOf(source, match.index, to);
    parts.push(slice(source, reached, match.index), replacement(content, start, end));
    reached = to;
  }
  return joined([...parts, slice(source, reached, source.text.length)]);
}

/**
 * A base character with the marks on it, or a run of Hangul letters: what Unicode's normal forms change as one. The
 * half-width voicing marks of Katakana become combining marks under NFKC.
 */
const cluster =
  /[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc]+\p{M}*|[\s\S][\p{M}\u{ff9e}\u{ff9f}\u200d]*/gu;

/**
 * `change` applied to each cluster, and to each character of one where that comes to the same. With `whole` the result
 * must be that of the whole text: where it is not, the stretch that differs is one with no places inside it.
 */
export function mapClusters(source: AlignedText, change: (text: string) => string, whole: boolean): AlignedText {
  const parts: AlignedText[] = [];
  for (const match of source.text.matchAll(cluster)) {
    const from = match.index;
    const characters = [...match[0]];
    const changed = characters.map(change);
    const together = change(match[0]);
    if (changed.join("") === together) {
      let at = from;
      for (const [index, text] of changed.entries()) {
        const length = characters[index]?.length ?? 0;
        const { start, end } = spanOf(source, at, at + length);
        parts.push(
          text === source.text.slice(at, at + length) ? slice(source, at, at + length) : replacement(text, start, end),
        );
        at += length;
      }
      continue;
    }
    const { start, end } = spanOf(source, from, from + match[0].length);
    parts.push(replacement(together, start, end));
  }
  const mapped = joined(parts);
  return whole ? corrected(mapped, change(source.text)) : mapped;
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
  return joined([
    slice(mapped, 0, front),
    replacement(text.slice(front, text.length - back), start, end),
    slice(mapped, mapped.text.length - back, mapped.text.length),
  ]);
}
