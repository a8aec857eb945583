import { sentencesOf } from "../../src/common/sentences.ts";
import type { TextAttribution, Token } from "../../src/protocol/explanation.ts";

/** How much of the text is one mark. */
export type TextUnit = "token" | "word" | "sentence";

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
  /** Whether a line ends between it and the text before it. */
  readonly startsLine: boolean;
  /** Bytes in the middle of the file, left out just before it. */
  readonly gapBefore: number | null;
  readonly ids: readonly number[];
  /** Positions of its tokens. */
  readonly tokens: Uint32Array;
  /** Index of the field that it stands in. */
  readonly field: number;
  /** Windows that begin or end inside of the text with one of its tokens, counted from 0. */
  readonly begins: readonly number[];
  readonly ends: readonly number[];
}

/** The fields of a text; without any, all of it. */
export function fieldsOf({ fields, text }: Pick<TextAttribution, "fields" | "text">): TextAttribution["fields"] {
  return fields.length > 0 ? fields : [{ name: null, start: 0, end: text.length }];
}

/** Index of the sentence at the start of each token of a text, counted over its fields. */
function sentenceIndices(attribution: TextAttribution): Int32Array {
  const { text, tokens } = attribution;
  // What the model does not see need not be cut.
  const seen = tokens.reduce((reached, { end }) => Math.max(reached, end), 0);
  const starts = fieldsOf(attribution).flatMap(({ start, end }) =>
    sentencesOf(text.slice(start, Math.min(end, seen))).map((sentence) => start + sentence.start),
  );
  const indices = new Int32Array(tokens.length);
  for (const [at, token] of tokens.entries()) {
    const { start, end } = token;
    // The later bytes of a character stand where the next one begins.
    const isLater = start === end && !isAdded(token) && at > 0;
    indices[at] = isLater ? (indices[at - 1] ?? 0) : lastBefore(starts, start);
  }
  return indices;
}

/** Index of the last of the ascending `starts` that is not behind `place`. */
function lastBefore(starts: readonly number[], place: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= place) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Whether the text has more than one sentence that the model sees. */
export function hasSentences(attribution: TextAttribution): boolean {
  const indices = sentenceIndices(attribution);
  const first = indices.find((_, at) => isText(attribution.tokens[at]));
  return indices.some((index, at) => index !== first && isText(attribution.tokens[at]));
}

function isText(token: Token | undefined): boolean {
  return token !== undefined && token.end > token.start;
}

function isBlank(token: Token, text: string): boolean {
  return token.special === "none" && token.end > token.start && text.slice(token.start, token.end).trim() === "";
}

/** What stands for itself at every level: padding, and what the tokenizer adds. */
export function isAdded({ special }: Pick<Token, "special">): boolean {
  return special === "pad" || special === "other";
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
function orderOf({ tokens }: TextAttribution, unit: TextUnit): Uint32Array {
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

/** Whether a token goes into the mark of the one before it. */
function joinsOf(
  attribution: TextAttribution,
  unit: TextUnit,
): (previous: Token, token: Token, at: readonly [number, number]) => boolean {
  const { text } = attribution;
  if (unit !== "sentence") return (previous, token) => joins(previous, token, unit, text);
  const sentences = sentenceIndices(attribution);
  return (previous, token, [before, now]) => {
    if (isAdded(token)) return token.special === "pad" && previous.special === "pad";
    if (isAdded(previous)) return false;
    return sentences[before] === sentences[now];
  };
}

export function tokenGroups(attribution: TextAttribution, unit: TextUnit): readonly TokenGroup[] {
  const { tokens, text, values, gradient, cellErrors, gap } = attribution;
  const order = orderOf(attribution, unit);
  const goesOn = joinsOf(attribution, unit);
  const fields = fieldsOf(attribution);
  const groups: TokenGroup[] = [];
  let start = 0;
  let seenTo = -1;
  let readTo = -1;
  let field = 0;
  let textTo = -1;
  for (let at = 1; at <= order.length; at++) {
    const before = order[at - 1] ?? 0;
    const now = order[at] ?? 0;
    const previous = tokens[before] as Token;
    const token = at === order.length ? undefined : tokens[now];
    const crossesGap = gap !== null && token !== undefined && previous.end <= gap.at && token.start >= gap.at;
    if (token !== undefined && !crossesGap && goesOn(previous, token, [before, now])) continue;
    const first = tokens[order[start] ?? 0] as Token;
    const members = order.slice(start, at);
    const count = members.length;
    const end = members.reduce((reached, index) => Math.max(reached, tokens[index]?.end ?? 0), 0);
    const inText = end > first.start && !isAdded(first);
    const shown = inText ? text.slice(first.start, end) : first.text;
    const blank = isBlank(first, text) && shown.trim() === "";
    const breaks = blank && /[\n\r]/.test(shown);
    const leavesGap = gap !== null && readTo <= gap.at && first.start >= gap.at && first.special !== "pad";
    // What the tokenizer adds stands with the text before it.
    const own = isText(first) ? fields.findIndex((part) => first.start >= part.start && first.start < part.end) : -1;
    if (own >= 0) field = own;
    groups.push({
      index: order[start] ?? start,
      count,
      text: blank ? blankText(shown) : inText ? shown : count > 1 ? `${first.text}×${count}` : first.text,
      value: sum(values, members) ?? 0,
      error: sum(cellErrors, members),
      gradient: sum(gradient, members),
      special: unit === "sentence" && !isAdded(first) ? "none" : first.special,
      spaced: groups.length > 0 && !blank && (!inText || seenTo < 0 || first.start > seenTo),
      breaks,
      indent: breaks ? columnsOf(shown) : 0,
      startsLine: inText && textTo >= 0 && /[\n\r]/.test(text.slice(textTo, first.start)),
      gapBefore: leavesGap ? gap.bytes : null,
      ids: Array.from(members, (index) => tokens[index]?.id ?? 0),
      tokens: members,
      field,
      ...boundsIn(attribution.windows, members),
    });
    seenTo = inText ? end : -1;
    if (inText) textTo = end;
    if (leavesGap) readTo = Number.POSITIVE_INFINITY;
    else if (inText) readTo = Math.max(readTo, end);
    start = at;
  }
  return groups;
}

/** The ends of the text are no bounds that anybody needs to see. */
function boundsIn(windows: TextAttribution["windows"], members: Uint32Array): Pick<TokenGroup, "begins" | "ends"> {
  if (windows === undefined) return { begins: [], ends: [] };
  const { ranges } = windows;
  const of = (position: (range: { from: number; to: number }) => number, but: number): number[] =>
    ranges.flatMap((range, at) => (at !== but && members.includes(position(range)) ? [at] : []));
  return { begins: of(({ from }) => from, 0), ends: of(({ to }) => to - 1, ranges.length - 1) };
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
