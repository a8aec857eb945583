import { PathlightError } from "../../common/errors.ts";
import type { TextAttribution } from "../../protocol/explanation.ts";
import { maxRowLength, type RawRow, type RowKind, RowScanner, rowFields } from "../../protocol/rows.ts";
import { writtenSelection } from "../stringLiteral.ts";
import type { DocumentText } from "./documentText.ts";
import { hasFields, type Placed, placeFields, placeWhole } from "./explainedTexts.ts";
import { sameButLineEnds, startFromEnd } from "./lineEnds.ts";
import { type PlacedTokens, type PlaceOf, tokenSpans } from "./tokenSpans.ts";
import { writtenFields } from "./writtenFields.ts";
import type { Span, WrittenText } from "./writtenText.ts";

/** What was explained, found in a document. */
export interface Match {
  /** What it depends on: a change that stays off it only moves it. */
  readonly container: Span;
  readonly tokens: PlacedTokens;
}

/** Looks for what was explained: in the whole document, or in a part of it, nearest to an offset. */
export interface AnchorReader {
  find(document: DocumentText): Match | null;
  findIn(document: DocumentText, region: Span, near: number): Match | null;
}

/** The column names of a table are looked for in so much of its start. */
const MOST_HEADER = 65_536;
/** A text that has moved is looked for in documents up to this length: the extension host is shared by everyone. */
const MOST_SEARCHED = 2_000_000;

/** A row of a data file. `row`: where it stood, 0-based; undefined: only its text tells. */
export function rowReader(
  kind: RowKind,
  row: number | undefined,
  attributions: readonly TextAttribution[],
): AnchorReader {
  const matchOf = (document: DocumentText, raw: RawRow, columns: readonly string[] | null): Match | null => {
    if (!reads(() => hasFields(attributions, rowFields(raw, kind, columns)))) return null;
    return matched(document, raw, placeFields(attributions, writtenFields(raw, kind, columns)));
  };
  return {
    find(document) {
      const others: { readonly raw: RawRow; readonly columns: readonly string[] | null }[] = [];
      const searches = document.length <= MOST_SEARCHED;
      if (!searches && row === undefined) return null;
      for (const { raw, columns } of rowsOf(document.slice(0, document.length), kind)) {
        if (raw.row === row) {
          const match = matchOf(document, raw, columns);
          if (match !== null || !searches) return match;
        } else if (searches) others.push({ raw, columns });
      }
      const away = (one: { readonly raw: RawRow }): number => Math.abs(one.raw.row - (row ?? 0));
      return first(
        others.sort((a, b) => away(a) - away(b)),
        ({ raw, columns }) => matchOf(document, raw, columns),
      );
    },
    findIn(document, region, near) {
      const start = document.lineStart(region.start);
      const end = document.lineEnd(region.end);
      if (end - start > maxRowLength) return null;
      const found = rowsAt(document, kind, { start, end });
      const away = ({ raw }: { readonly raw: RawRow }): number => Math.abs(raw.start - near);
      return first(
        found.sort((a, b) => away(a) - away(b)),
        ({ raw, columns }) => matchOf(document, raw, columns),
      );
    },
  };
}

/** The rows in a part of a document that begins and ends with a line; none where the part is not made of whole rows. */
export function rowsAt(
  document: DocumentText,
  kind: RowKind,
  { start, end }: Span,
): { raw: RawRow; columns: readonly string[] | null }[] {
  const text = document.slice(start, end);
  const header = kind === "csv" || kind === "tsv" ? headerOf(document, kind) : "";
  if (header === null) return [];
  const before = header === "" ? "" : `${header}\n`;
  const at = start - before.length;
  return [...rowsOf(before + text, kind)].map(({ raw, columns }) => ({
    raw: { ...raw, start: raw.start + at, end: raw.end + at },
    columns,
  }));
}

/** Where a row stands, 0-based; null: there is no such row. */
export function rowSpan(document: DocumentText, kind: RowKind, row: number): Span | null {
  for (const { raw } of rowsOf(document.slice(0, document.length), kind)) {
    if (raw.row === row) return { start: raw.start, end: raw.end };
  }
  return null;
}

/** A selection, by the very characters that were selected. */
export function selectionReader(source: string, place: Span, attributions: readonly TextAttribution[]): AnchorReader {
  let joined: readonly [boolean, boolean] | undefined;
  const findIn = (document: DocumentText, region: Span, near: number): Match | null => {
    if (region.end - region.start > MOST_SEARCHED) return null;
    const text = document.slice(region.start, region.end);
    let best: number | null = null;
    for (let at = text.indexOf(source); at !== -1; at = text.indexOf(source, at + 1)) {
      const start = region.start + at;
      if (best === null || Math.abs(start - near) < Math.abs(best - near)) best = start;
    }
    if (best === null) return null;
    const container = { start: best, end: best + source.length };
    // A word that goes on beyond the selection now is another word.
    const joins = joinsOf(document, container);
    if (joined !== undefined && (joined[0] !== joins[0] || joined[1] !== joins[1])) return null;
    const match = matched(document, container, placeWhole(attributions, writtenSelection(source, best)));
    if (match !== null) joined ??= joins;
    return match;
  };
  return {
    find: (document) => findIn(document, { start: 0, end: document.length }, place.start),
    findIn,
  };
}

/** A whole document, or the two ends of it that the model saw. */
export function wholeReader(attributions: readonly TextAttribution[]): AnchorReader {
  /** Length of the document that it was found in: nobody needs to read one of another length at each keystroke. */
  let length: number | undefined;
  const find = (document: DocumentText): Match | null => {
    const text = document.slice(0, document.length);
    const written = attributions.map((attribution) => ({ attribution, written: writtenWhole(attribution, text) }));
    const placed: { attribution: TextAttribution; placeOf: PlaceOf }[] = [];
    for (const one of written) {
      if (one.written === null) return null;
      const { attribution } = one;
      placed.push({ attribution, placeOf: placesOf(one.written) });
    }
    const match = matched(document, { start: 0, end: document.length }, placed.length === 0 ? null : placed);
    if (match !== null) length = document.length;
    return match;
  };
  return {
    find,
    findIn: (document) => (length === undefined || document.length === length ? find(document) : null),
  };
}

/** What stands before the gap is found from the top of the document, what stands after it from the bottom. */
function writtenWhole({ text, gap }: TextAttribution, document: string): WrittenText | null {
  // The byte order mark of a file is no part of its text.
  const from = document.startsWith("\uFEFF") ? 1 : 0;
  if (gap === null) return sameButLineEnds(text, document, from);
  const tail = text.slice(gap.at);
  const start = startFromEnd(tail, document);
  const head = sameButLineEnds(text.slice(0, gap.at), document, from, false);
  const end = start === null ? null : sameButLineEnds(tail, document, start);
  if (head === null || end === null || start === null) return null;
  // In a document that has become shorter both would be found, one over the other.
  const reached = head.place(0, gap.at)?.end ?? from;
  return reached > start ? null : head.with(end);
}

function placesOf(written: WrittenText): PlaceOf {
  return (start, end) => written.place(start, end);
}

function matched(document: DocumentText, container: Span, placed: Placed): Match | null {
  if (placed === null) return null;
  const source = ({ start, end }: Span): string => document.slice(start, end);
  return { container: { start: container.start, end: container.end }, tokens: tokenSpans(placed, source) };
}

/** Whether word characters stand directly before and after a span's own. */
function joinsOf(document: DocumentText, { start, end }: Span): readonly [boolean, boolean] {
  const word = /^[\p{L}\p{N}\p{M}_]{2}/u;
  const around = document.slice(Math.max(0, start - 1), start + 1);
  return [start > 0 && word.test(around), word.test(document.slice(Math.max(0, end - 1), end + 1))];
}

function headerOf(document: DocumentText, kind: RowKind): string | null {
  const text = document.slice(0, Math.min(document.length, MOST_HEADER));
  for (const { raw } of recordsOf(text, kind, text.length === document.length)) return raw.row === -1 ? raw.text : null;
  return null;
}

function* rowsOf(text: string, kind: RowKind): Generator<{ raw: RawRow; columns: readonly string[] | null }> {
  for (const record of recordsOf(text, kind, true)) if (record.raw.row >= 0) yield record;
}

/** Ends where the text stops being made of rows: an open quote, a row without end. */
function* recordsOf(
  text: string,
  kind: RowKind,
  whole: boolean,
): Generator<{ raw: RawRow; columns: readonly string[] | null }> {
  const scanner = new RowScanner(kind);
  try {
    for (const raw of scanner.push(text)) yield { raw, columns: scanner.columns };
    if (whole) for (const raw of scanner.end()) yield { raw, columns: scanner.columns };
  } catch (thrown) {
    if (!(thrown instanceof PathlightError)) throw thrown;
  }
}

/** A row that cannot be read is not the one. */
function reads(test: () => boolean): boolean {
  try {
    return test();
  } catch (thrown) {
    if (thrown instanceof PathlightError) return false;
    throw thrown;
  }
}

function first<T, R>(items: readonly T[], find: (item: T) => R | null): R | null {
  for (const item of items) {
    const found = find(item);
    if (found !== null) return found;
  }
  return null;
}
