import { PathlightError } from "../../common/errors.ts";
import type { ExplainRequest, SampleRef } from "../../protocol/explain.ts";
import { type RowKind, rowFields } from "../../protocol/rows.ts";
import { isLiteral, textOfSelection } from "../stringLiteral.ts";
import { rowsAt } from "./anchorReaders.ts";
import type { DocumentText, TextChange } from "./documentText.ts";
import { movedBy } from "./textAnchor.ts";
import type { Span } from "./writtenText.ts";

/** What is explained while it is typed. */
export type LiveKind =
  /** The row of a data file, of which `column` is read; of a text, its line. */
  | { readonly kind: "row"; readonly rows: RowKind; readonly column: string }
  /** A piece of text that grows with what is typed at its ends. */
  | { readonly kind: "selection" }
  /** A string literal, quotes and all. */
  | { readonly kind: "literal" };

export interface LiveReading {
  /** Where it stands. */
  readonly place: Span;
  /** The characters there. */
  readonly source: string;
  readonly sample: Extract<SampleRef, { kind: "text" }>;
}

/** Why there is nothing to explain just now, in a few words. */
export interface LiveProblem {
  readonly problem: string;
}

/** Where it stands after a change. What is typed behind the quotes of a literal is not part of it. */
export function liveMove(region: Span, change: TextChange, kind: LiveKind): Span & { readonly touched: boolean } {
  const atEdge = kind.kind === "literal" && change.removed === 0;
  if (atEdge && change.offset === region.end) return { ...region, touched: false };
  if (atEdge && change.offset === region.start) {
    return { start: region.start + change.inserted, end: region.end + change.inserted, touched: false };
  }
  return movedBy(region, change);
}

/** The text as it stands. `cursor` chooses the row where there are several by now, as after a line break. */
export function readLive(
  document: DocumentText,
  region: Span,
  kind: LiveKind,
  cursor: number | null,
  origin: string | undefined,
): LiveReading | LiveProblem {
  const from = origin === undefined ? {} : { origin };
  if (kind.kind === "row") return readRow(document, region, kind, cursor, from);
  const source = document.slice(region.start, region.end);
  if (kind.kind === "literal" && !isLiteral(source)) return { problem: "The text is not closed by its quote." };
  const text = textOfSelection(source);
  if (text.trim() === "") return { problem: "The text is empty." };
  return { place: region, source, sample: { kind: "text", text, ...from } };
}

/**
 * What the inputs of the model get of a row as it is typed: the columns that `asked`, the samples of the row on disk, names,
 * be it one text, a pair, or a text for each input. What is no row stays as it is.
 */
export function typedSamples(
  asked: ExplainRequest["samples"],
  typed: LiveReading["sample"],
): ExplainRequest["samples"] | LiveProblem {
  const { row } = typed;
  if (row === undefined) return [{ sample: typed }];
  const samples: ExplainRequest["samples"] = [];
  for (const { input, sample } of asked) {
    const to = input === undefined ? {} : { input };
    if (sample.row === undefined) {
      samples.push({ ...to, sample });
      continue;
    }
    const { column = row.column, secondColumn } = sample.kind === "file" ? sample : sample.row;
    const missing = [column, secondColumn].find((name) => name !== undefined && row.fields[name] === undefined);
    if (missing !== undefined) return { problem: `The row has no text in "${missing}".` };
    const second = secondColumn === undefined ? {} : { secondColumn };
    const text = row.fields[column] ?? "";
    samples.push({ ...to, sample: { ...typed, text, row: { fields: row.fields, column, ...second } } });
  }
  return samples;
}

function readRow(
  document: DocumentText,
  region: Span,
  { rows: kind, column }: Extract<LiveKind, { kind: "row" }>,
  cursor: number | null,
  from: { readonly origin?: string },
): LiveReading | LiveProblem {
  const part = { start: document.lineStart(region.start), end: document.lineEnd(region.end) };
  const rows = rowsAt(document, kind, part);
  const here = ({ raw }: (typeof rows)[number]): boolean => cursor !== null && cursor >= raw.start && cursor <= raw.end;
  const row = rows.find(here) ?? rows[0];
  if (row === undefined) {
    const blank = document.slice(part.start, part.end).trim() === "";
    return { problem: blank ? "The text is empty." : "This is not a whole row: a quote is not closed." };
  }
  const { raw, columns } = row;
  try {
    const values = rowFields(raw, kind, columns);
    const value = values.get(column);
    if (typeof value !== "string" && typeof value !== "number")
      return { problem: `The row has no text in "${column}".` };
    const text = String(value);
    if (text.trim() === "") return { problem: "The text is empty." };
    const fields = Object.fromEntries(
      [...values].flatMap(([name, one]) =>
        typeof one === "string" || typeof one === "number" ? [[name, String(one)] as const] : [],
      ),
    );
    const sample = { kind: "text" as const, text, ...from, row: { column, fields } };
    return { place: { start: raw.start, end: raw.end }, source: raw.text, sample };
  } catch (thrown) {
    if (!(thrown instanceof PathlightError)) throw thrown;
    return {
      problem: kind === "jsonl" ? "The row is not valid JSON." : "The row does not have a field for each column.",
    };
  }
}
