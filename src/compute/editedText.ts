import { PathlightError } from "../common/errors.ts";
import type { TextAttribution, Token } from "../protocol/explanation.ts";
import type { WhatIfChange } from "../protocol/whatIf.ts";

/** A stretch of the text (UTF-16 offsets) with other characters in its place. */
interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface EditedText {
  /** The fields of the text as they read now; without fields the whole text as one. */
  readonly fields: readonly { readonly name: string | null; readonly text: string }[];
  /** The same for a person: blank tokens stand as `blankText`. */
  readonly shown: readonly { readonly name: string | null; readonly text: string }[];
  /** Positions of tokens that are blanked, and of all that the model no longer reads. */
  readonly blanked: readonly number[];
  readonly removed: readonly number[];
  /** Whether characters changed, so that the text has to be read anew. */
  readonly isReread: boolean;
  /** The place of an offset that no change covers. */
  moved(offset: number): number;
}

type Text = Pick<TextAttribution, "text" | "fields"> & { readonly tokens: readonly Token[] };

/**
 * Changes of one text put together. Throws `usage` for tokens that are not there, that the tokenizer adds by itself, or
 * that two changes are of.
 */
export function editedText(of: Text, changes: readonly WhatIfChange[], blankText: string): EditedText {
  const covered = coverage(of);
  const blanked: number[] = [];
  const spliced = new Set<number>();
  const splices: Splice[] = [];
  const blanks: Splice[] = [];
  for (const change of changes) {
    for (const position of change.tokens) checkToken(of, position);
    if (change.kind === "blank") {
      blanked.push(...change.tokens);
      blanks.push(...change.tokens.flatMap((position) => spanOf(of.tokens[position], blankText)));
      continue;
    }
    const spans = spansOf(of, change.tokens, covered);
    for (const span of spans) checkField(of, span);
    for (const position of tokensWithin(of, spans)) {
      if (spliced.has(position)) throw twice(of.tokens[position]);
      spliced.add(position);
    }
    splices.push(
      ...spans.map((span, index) => {
        if (change.kind === "replace") return { ...span, text: index === 0 ? change.text : "" };
        return { ...withSpace(of, span, covered), text: "" };
      }),
    );
  }
  for (const position of blanked) if (spliced.has(position)) throw twice(of.tokens[position]);
  const ordered = withoutOverlap(splices);
  const fields = of.fields.length > 0 ? of.fields : [{ name: null, start: 0, end: of.text.length }];
  const read = (all: readonly Splice[]): { name: string | null; text: string }[] =>
    fields.map(({ name, start, end }) => ({ name, text: spliceText(of.text, start, end, all) }));
  return {
    fields: read(ordered),
    shown: read(withoutOverlap([...ordered, ...blanks])),
    blanked: [...new Set(blanked)].sort((a, b) => a - b),
    removed: [...new Set([...blanked, ...spliced])].sort((a, b) => a - b),
    isReread: splices.length > 0,
    moved: (offset) =>
      ordered.reduce((at, { start, end, text }) => (end <= offset ? at + text.length - (end - start) : at), offset),
  };
}

/** 1 where a token stands. */
function coverage({ text, tokens }: Text): Uint8Array {
  const covered = new Uint8Array(text.length);
  for (const { start, end } of tokens) covered.fill(1, start, end);
  return covered;
}

function checkToken({ tokens }: Text, position: number): void {
  const token = tokens[position];
  if (token === undefined) {
    throw new PathlightError("usage", "There is no such token.", {
      expected: `positions from 0 to ${tokens.length - 1}`,
      found: String(position),
      whatToDo: "Explain the text again.",
    });
  }
  if (token.special !== "pad" && token.special !== "other") return;
  throw new PathlightError("usage", `${token.text} is no part of the text: the tokenizer puts it there.`, {
    expected: "tokens of the text",
    found: token.text,
    whatToDo: "Choose another token.",
  });
}

/** What a model has written itself stands behind the fields: an edit of it would change nothing that is read. */
function checkField({ text, fields }: Text, span: { readonly start: number; readonly end: number }): void {
  if (fields.length === 0 || fields.some(({ start, end }) => span.start >= start && span.end <= end)) return;
  const shown = JSON.stringify(text.slice(span.start, span.end));
  throw new PathlightError("usage", `${shown} is no part of the sample.`, {
    expected: "tokens of one of its texts",
    found: shown,
    whatToDo: "Choose another token.",
  });
}

function twice(token: Token | undefined): PathlightError {
  return new PathlightError("usage", `Two changes are of the same token, ${JSON.stringify(token?.text)}.`, {
    whatToDo: "Combine edits of different tokens.",
  });
}

function spanOf(token: Token | undefined, text: string): Splice[] {
  return token === undefined || token.end === token.start ? [] : [{ start: token.start, end: token.end, text }];
}

/** The later bytes of a character stand behind it with no width. */
function isLaterByte(token: Token | undefined): boolean {
  return token !== undefined && token.special === "none" && token.start === token.end;
}

/** What the tokens cover, as few stretches as possible; of a character in several tokens the whole. */
function spansOf(
  { tokens }: Text,
  positions: readonly number[],
  covered: Uint8Array,
): { start: number; end: number }[] {
  const found = positions.map((position) => {
    let at = position;
    while (at > 0 && isLaterByte(tokens[at])) at--;
    const { start, end } = tokens[at] as Token;
    return { start, end };
  });
  const spans: { start: number; end: number }[] = [];
  for (const span of found.filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start)) {
    const last = spans.at(-1);
    if (last !== undefined && !covered.subarray(last.end, span.start).includes(1)) {
      last.end = Math.max(last.end, span.end);
    } else spans.push({ ...span });
  }
  return spans;
}

/** The tokens that go with the stretches: those in them, and the later bytes of a character at their end. */
function tokensWithin({ tokens }: Text, spans: readonly { readonly start: number; readonly end: number }[]): number[] {
  const within: number[] = [];
  let previousIsIn = false;
  for (const [position, token] of tokens.entries()) {
    const { start, end, special } = token;
    const isText = special !== "pad" && special !== "other";
    const isIn: boolean = isLaterByte(token)
      ? previousIsIn
      : isText && end > start && spans.some((span) => start < span.end && end > span.start);
    if (isIn) within.push(position);
    previousIsIn = isIn;
  }
  return within;
}

/** With one of two blanks that would be left side by side, where no token stands for it. */
function withSpace({ text, fields }: Text, span: { start: number; end: number }, covered: Uint8Array) {
  const field = fields.find(({ start, end }) => span.start >= start && span.end <= end);
  const first = field?.start ?? 0;
  const last = field?.end ?? text.length;
  const isFree = (at: number): boolean => /\s/.test(text.charAt(at)) && covered[at] === 0;
  const before = span.start === first || /\s/.test(text.charAt(span.start - 1));
  if (before && span.end < last && isFree(span.end)) return { start: span.start, end: span.end + 1 };
  if (span.end === last && span.start > first && isFree(span.start - 1)) {
    return { start: span.start - 1, end: span.end };
  }
  return span;
}

/** In order; a stretch that reaches into the one before it (blank space that two deletions share) begins behind it. */
function withoutOverlap(splices: readonly Splice[]): Splice[] {
  const ordered: Splice[] = [];
  let reached = 0;
  for (const { start, end, text } of [...splices].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const from = Math.max(start, reached);
    if (end < from || (end === from && text === "")) continue;
    ordered.push({ start: from, end, text });
    reached = end;
  }
  return ordered;
}

function spliceText(text: string, start: number, end: number, splices: readonly Splice[]): string {
  const parts: string[] = [];
  let at = start;
  for (const splice of splices) {
    if (splice.start < start || splice.end > end) continue;
    parts.push(text.slice(at, splice.start), splice.text);
    at = splice.end;
  }
  parts.push(text.slice(at, end));
  return parts.join("");
}
