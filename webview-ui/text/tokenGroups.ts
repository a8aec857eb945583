import type { TextAttribution, Token } from "../../src/protocol/explanation.ts";

/** One mark in the text: a token, a word of several tokens, or a run of padding. Values are sums, so they add up alike. */
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
  readonly ids: readonly number[];
}

function joins(previous: Token, token: Token, unit: "word" | "token"): boolean {
  if (token.special === "pad") return previous.special === "pad";
  if (unit === "token" || token.special === "mask" || token.special === "other") return false;
  return token.word >= 0 && token.word === previous.word && previous.special !== "pad";
}

function sum(values: ArrayLike<number> | null, from: number, count: number): number | null {
  if (values === null) return null;
  let total = 0;
  for (let index = from; index < from + count; index++) total += values[index] ?? 0;
  return total;
}

export function tokenGroups(attribution: TextAttribution, unit: "word" | "token"): readonly TokenGroup[] {
  const { tokens, text, values, gradient, cellErrors } = attribution;
  const groups: TokenGroup[] = [];
  let start = 0;
  let seenTo = -1;
  for (let index = 1; index <= tokens.length; index++) {
    const previous = tokens[index - 1] as Token;
    const token = tokens[index];
    if (token !== undefined && joins(previous, token, unit)) continue;
    const first = tokens[start] as Token;
    const count = index - start;
    const inText = previous.end > first.start && first.special !== "pad";
    groups.push({
      index: start,
      count,
      text: inText ? text.slice(first.start, previous.end) : count > 1 ? `${first.text}×${count}` : first.text,
      value: sum(values, start, count) ?? 0,
      error: sum(cellErrors, start, count),
      gradient: sum(gradient, start, count),
      special: first.special,
      spaced: groups.length > 0 && (!inText || seenTo < 0 || first.start > seenTo),
      ids: tokens.slice(start, index).map(({ id }) => id),
    });
    seenTo = inText ? previous.end : -1;
    start = index;
  }
  return groups;
}
