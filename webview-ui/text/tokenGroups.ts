import type { TextAttribution, Token } from "../../src/protocol/explanation.ts";

/**
 * One mark in the text: a token, a word of several tokens, a stretch of blank space or padding. Values are sums, so they
 * add up alike.
 */
export interface TokenGroup {
  /** Of the first token. */
  readonly index: number;
  readonly count: number;
  readonly text: string;
  readonly value: number;
  /** Sum of the tokens' error estimates: an upper bound for a word; null while unknown. */
  readonly error: number | null;
  readonly gradient: number | null;
  readonly special: Token["special"];
  /** Whether white space stands before it. */
  readonly spaced: boolean;
  /** Whether it is blank space that ends a line, so that code keeps its lines. */
  readonly breaks: boolean;
  /** Columns by which the line after it is indented; 0 unless `breaks`. */
  readonly indent: number;
  /** Bytes in the middle of the file, left out just before it. */
  readonly gapBefore: number | null;
  readonly ids: readonly number[];
}

function isBlank(token: Token, text: string): boolean {
  return token.special === "none" && token.end > token.start && text.slice(token.start, token.end).trim() === "";
}

function joins(previous: Token, token: Token, unit: "word" | "token", text: string): boolean {
  if (token.special === "pad") return previous.special === "pad";
  if (token.special === "mask" || token.special === "other" || previous.special === "pad") return false;
  if (isBlank(token, text)) return isBlank(previous, text);
  if (unit === "token") return false;
  return token.word >= 0 && token.word === previous.word;
}

/**
 * The tokens in the order of the text. A small file is seen twice, from its start and from its end: as words, what the
 * two saw at one place is one; padding stands last.
 */
function orderOf({ tokens }: TextAttribution, unit: "word" | "token"): Uint32Array {
  const order = Uint32Array.from(tokens, (_, index) => index);
  let reached = 0;
  let twice = false;
  for (const token of tokens) {
    if (token.special === "pad") continue;
    twice ||= token.start < reached;
    reached = Math.max(reached, token.start);
  }
  if (!twice || unit === "token") return order;
  const place = (index: number): number => {
    const token = tokens[index];
    return token === undefined || token.special === "pad" ? Number.POSITIVE_INFINITY : token.end;
  };
  return order.sort((a, b) => (place(a) === place(b) ? a - b : place(a) - place(b)));
}

function sum(values: ArrayLike<number> | null, indices: ArrayLike<number>): number | null {
  if (values === null) return null;
  let total = 0;
  for (let at = 0; at < indices.length; at++) total += values[indices[at] ?? 0] ?? 0;
  return total;
}

export function tokenGroups(attribution: TextAttribution, unit: "word" | "token"): readonly TokenGroup[] {
  const { tokens, text, values, gradient, cellErrors, gap } = attribution;
  const order = orderOf(attribution, unit);
  const groups: TokenGroup[] = [];
  let start = 0;
  let seenTo = -1;
  let readTo = -1;
  for (let at = 1; at <= order.length; at++) {
    const previous = tokens[order[at - 1] ?? 0] as Token;
    const token = at === order.length ? undefined : tokens[order[at] ?? 0];
    const crossesGap = gap !== null && token !== undefined && previous.end <= gap.at && token.start >= gap.at;
    if (token !== undefined && !crossesGap && joins(previous, token, unit, text)) continue;
    const first = tokens[order[start] ?? 0] as Token;
    const members = order.subarray(start, at);
    const count = members.length;
    const inText = previous.end > first.start && first.special !== "pad";
    const shown = inText ? text.slice(first.start, previous.end) : first.text;
    const blank = isBlank(first, text);
    const breaks = blank && /[\n\r]/.test(shown);
    const leavesGap = gap !== null && readTo <= gap.at && first.start >= gap.at && first.special !== "pad";
    groups.push({
      index: order[start] ?? start,
      count,
      text: blank ? blankText(shown) : inText ? shown : count > 1 ? `${first.text}×${count}` : first.text,
      value: sum(values, members) ?? 0,
      error: sum(cellErrors, members),
      gradient: sum(gradient, members),
      special: first.special,
      spaced: groups.length > 0 && !blank && (!inText || seenTo < 0 || first.start > seenTo),
      breaks,
      indent: breaks ? columnsOf(shown) : 0,
      gapBefore: leavesGap ? gap.bytes : null,
      ids: Array.from(members, (index) => tokens[index]?.id ?? 0),
    });
    seenTo = inText ? previous.end : -1;
    if (leavesGap) readTo = Number.POSITIVE_INFINITY;
    else if (inText) readTo = Math.max(readTo, previous.end);
    start = at;
  }
  return groups;
}

/** Columns of the blank space after its last line break; a tab is four. */
function columnsOf(blank: string): number {
  const last = blank.split(/[\n\r]/).at(-1) ?? "";
  return last.replaceAll("\t", "    ").length;
}

/** Blank space as something that can be seen: each mark once, with how often. */
function blankText(text: string): string {
  const marks = text
    .replaceAll("\r\n", "⏎")
    .replaceAll(/[\n\r]/g, "⏎")
    .replaceAll("\t", "⇥")
    .replaceAll(/\s/g, "␣");
  return marks.replaceAll(/(.)\1+/gu, (run: string, mark: string) => `${mark}×${run.length}`);
}
