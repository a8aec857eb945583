import type { AddedToken } from "./tokenizerFile.ts";

/** A stretch of text: an added token that stands in it, or what is between such. */
export interface Section {
  readonly from: number;
  readonly to: number;
  readonly token: AddedToken | null;
}

export interface Searched {
  readonly token: AddedToken;
  /** What is looked for: the token's content, normalised where the text is. */
  readonly content: string;
}

/** Cuts a text at added tokens, the longest at each place first; those that strip blank space take it with them. */
export function sectionsOf(text: string, searched: readonly Searched[]): Section[] {
  const order = searched
    .filter(({ content }) => content !== "")
    .toSorted((a, b) => b.content.length - a.content.length);
  const sections: Section[] = [];
  let reached = 0;
  const gap = (to: number): void => {
    if (to > reached) sections.push({ from: reached, to, token: null });
  };
  for (let at = 0; at < text.length; at++) {
    const found = order.find(
      ({ token, content }) => text.startsWith(content, at) && standsAlone(token, text, at, content),
    );
    if (found === undefined) continue;
    const { token, content } = found;
    const end = at + content.length;
    const before = text.slice(reached, at);
    gap(token.lstrip ? reached + before.trimEnd().length : at);
    sections.push({ from: at, to: end, token });
    const after = text.slice(end);
    reached = token.rstrip ? end + after.length - after.trimStart().length : end;
    at = reached - 1;
  }
  gap(text.length);
  return sections;
}

/** A token of `single_word` counts only between characters that are in no word. */
function standsAlone({ single_word }: AddedToken, text: string, at: number, content: string): boolean {
  if (!single_word) return true;
  const before = text.slice(Math.max(0, at - 2), at);
  const after = text.slice(at + content.length, at + content.length + 2);
  return !/[\p{L}\p{M}\p{N}_]$/u.test(before) && !/^[\p{L}\p{M}\p{N}_]/u.test(after);
}
