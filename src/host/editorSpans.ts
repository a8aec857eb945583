import { rankByStrength } from "../common/mapLayout.ts";
import type { TextAttribution } from "../protocol/explanation.ts";

/** A stretch of a document with its attribution. Lines and UTF-16 columns from 0; the end is not part of it. */
export interface EditorSpan {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** Sum over the tokens, or bytes, that stand there. */
  readonly value: number;
  /** By |value|, from 1. */
  readonly rank: number;
}

/** The whole of a document's text as an editor has it: its line ends need not be those of the file. */
export type DocumentText = string;

interface Place {
  readonly line: number;
  readonly column: number;
}

const lineEnd = /\r\n|\r|\n/;

/**
 * Where the attributions of a whole file stand in the document that shows it. Null: the document is not the text that was
 * explained (it has changed since, or is shown in another encoding). Lines are counted from the top for what stands before
 * the gap and from the bottom for what stands after it, so that the middle of the file is not needed.
 */
export function editorSpans(attribution: TextAttribution, document: DocumentText): readonly EditorSpan[] | null {
  const { text, gap } = attribution;
  const placeOf = placesIn(text, gap?.at ?? null, document);
  if (placeOf === null) return null;
  const spans: { start: number; end: number; value: number }[] = [];
  const byStart = new Map<number, number>();
  const byEnd = new Map<number, number>();
  for (const [index, token] of attribution.tokens.entries()) {
    if (token.special === "pad" || token.end <= token.start) continue;
    const known = byStart.get(token.start);
    const value = attribution.values[index] ?? 0;
    const span = known === undefined ? undefined : spans[known];
    if (span !== undefined && span.end === token.end) {
      span.value += value;
      continue;
    }
    byStart.set(token.start, spans.length);
    byEnd.set(token.end, spans.length);
    spans.push({ start: token.start, end: token.end, value });
  }
  // The further bytes of a character stand behind it with no width.
  for (const [index, token] of attribution.tokens.entries()) {
    if (token.special === "pad" || token.end !== token.start || token.word < 0) continue;
    const span = spans[byEnd.get(token.end) ?? -1];
    if (span !== undefined) span.value += attribution.values[index] ?? 0;
  }
  // The end of a line is no character of the document's.
  const shown = spans.filter(({ start, end }) => !/^[\r\n]*$/.test(text.slice(start, end)));
  const { rankOf } = rankByStrength(shown.map(({ value }) => value));
  return shown.map(({ start, end, value }, index) => {
    const from = placeOf(start, "start");
    const to = placeOf(end, "end");
    return {
      startLine: from.line,
      startColumn: from.column,
      endLine: to.line,
      endColumn: to.column,
      value,
      rank: rankOf[index] ?? 0,
    };
  });
}

/** `side`: an offset at the gap is the end of what stands before it, or the start of what stands after it. */
type PlaceOf = (offset: number, side: "start" | "end") => Place;

function placesIn(text: string, gapAt: number | null, document: DocumentText): PlaceOf | null {
  const lines = document.replace(/^\uFEFF/, "").split(lineEnd);
  const head = placesOfPart(gapAt === null ? text : text.slice(0, gapAt));
  const tail = gapAt === null ? null : placesOfPart(text.slice(gapAt));
  if (tail === null || gapAt === null) {
    if (lines.length !== head.lines.length || head.lines.some((line, at) => line !== lines[at])) return null;
    return (offset) => head.placeOf(offset);
  }
  const last = head.lines.length - 1;
  const firstOfTail = lines.length - tail.lines.length;
  const [cut = ""] = tail.lines;
  const headFits = head.lines.every((line, at) => (at === last ? lines[at]?.startsWith(line) : line === lines[at]));
  const tailFits = tail.lines.every((line, at) =>
    at === 0 ? lines[firstOfTail]?.endsWith(line) : line === lines[firstOfTail + at],
  );
  if (!headFits || !tailFits) return null;
  const shift = (lines[firstOfTail]?.length ?? 0) - cut.length;
  return (offset, side) => {
    if (offset < gapAt || (offset === gapAt && side === "end")) return head.placeOf(offset);
    const { line, column } = tail.placeOf(offset - gapAt);
    return { line: firstOfTail + line, column: line === 0 ? column + shift : column };
  };
}

interface PartPlaces {
  readonly lines: readonly string[];
  placeOf(offset: number): Place;
}

function placesOfPart(part: string): PartPlaces {
  const starts = [0];
  for (const match of part.matchAll(/\r\n|\r|\n/g)) starts.push(match.index + match[0].length);
  return {
    lines: part.split(lineEnd),
    placeOf(offset) {
      let low = 0;
      let high = starts.length - 1;
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if ((starts[middle] ?? 0) <= offset) low = middle;
        else high = middle - 1;
      }
      return { line: low, column: offset - (starts[low] ?? 0) };
    },
  };
}
