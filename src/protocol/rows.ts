import { PathlightError } from "../common/errors.ts";

/**
 * Rows of data files, as the editor and the engine both see them. Pure, so that the row a person clicks on is the row
 * that is explained.
 *
 * - `.jsonl`, `.ndjson`: each line that is not blank is a row; `.txt`: the same, with the line as its text.
 * - `.csv`, `.tsv`: quoted fields as in RFC 4180, with line breaks inside quotes; a quote inside an unquoted field stands
 *   for itself. The first record names the columns and is no row.
 * - Rows count from 0, lines from 0. Blank lines are no rows but count as lines. A byte order mark is skipped.
 */
export type RowKind = "jsonl" | "csv" | "tsv" | "txt";

export interface RawRow {
  /** 0-based among the data rows; -1 for the record that names the columns. */
  readonly row: number;
  /** 0-based line in the file on which the row starts. */
  readonly line: number;
  /** UTF-16 offsets of the row in the text, without the line break at its end. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Values of one row by column, in the order of the columns. */
export type RowFields = ReadonlyMap<string, unknown>;

export interface LocatedRows {
  readonly columns: readonly string[] | null;
  readonly rows: RawRow[];
  /** Why the rest of the file has no rows. */
  readonly problem: PathlightError | null;
}

/** Longest row, in UTF-16 units. */
export const maxRowLength = 1_000_000;

/** The kind of data file by its name; null: none. */
export function rowKind(path: string): RowKind | null {
  const extension = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase();
  if (extension === "jsonl" || extension === "ndjson") return "jsonl";
  return extension === "csv" || extension === "tsv" || extension === "txt" ? extension : null;
}

/** All rows of a text. Never throws: what cannot be read ends the list and is named in `problem`. */
export function locateRows(text: string, kind: RowKind): LocatedRows {
  const scanner = new RowScanner(kind);
  const rows: RawRow[] = [];
  const data = (raw: RawRow) => raw.row >= 0;
  try {
    for (const raw of scanner.push(text)) if (data(raw)) rows.push(raw);
    for (const raw of scanner.end()) if (data(raw)) rows.push(raw);
    return { columns: scanner.columns, rows, problem: null };
  } catch (thrown) {
    if (!(thrown instanceof PathlightError)) throw thrown;
    return { columns: scanner.columns, rows, problem: thrown };
  }
}

/** Takes a text in pieces of any length and gives its rows as they are complete. */
export class RowScanner {
  readonly #kind: RowKind;
  readonly #delimiter: string;
  #rest = "";
  /** Position in `#rest` up to which it was looked at. */
  #seen = 0;
  /** Offset of `#rest` in the whole text. */
  #offset = 0;
  #line = 0;
  #row = 0;
  #started = false;
  #columns: readonly string[] | null = null;
  #state: "field-start" | "plain" | "quoted" = "field-start";

  constructor(kind: RowKind) {
    this.#kind = kind;
    this.#delimiter = kind === "tsv" ? "\t" : ",";
  }

  /** Names of the columns; null before the first record and where rows name their own. */
  get columns(): readonly string[] | null {
    return this.#columns;
  }

  /** 0-based line that is being read. */
  get line(): number {
    return this.#line;
  }

  /** Throws `sample-too-large` for a row above {@link maxRowLength}. */
  *push(chunk: string): Generator<RawRow> {
    this.#rest += chunk;
    if (!this.#started && this.#rest.length > 0) {
      this.#started = true;
      if (this.#rest.startsWith("\uFEFF")) this.#drop(1);
    }
    let begin = 0;
    for (let end = this.#nextEnd(); end !== -1; end = this.#nextEnd()) {
      const row = this.#take(begin, end);
      begin = end + 1;
      if (row !== null) yield row;
    }
    this.#checkLength(begin, this.#rest.length);
    this.#drop(begin);
  }

  /** The row that no line break ended. Throws `sample-unreadable` for a quote that is never closed. */
  *end(): Generator<RawRow> {
    const closedByLast = this.#seen < this.#rest.length && this.#rest[this.#seen] === '"';
    if (this.#state === "quoted" && !closedByLast) {
      throw new PathlightError("sample-unreadable", `A quote in line ${this.#line + 1} is never closed.`, {
        expected: 'a closing "',
        found: "the end of the file",
        whatToDo: 'Close the quote, or write "" for a quote inside a quoted field.',
      });
    }
    const row = this.#take(0, this.#rest.length);
    this.#drop(this.#rest.length);
    if (row !== null) yield row;
  }

  #drop(length: number): void {
    this.#rest = this.#rest.slice(length);
    this.#offset += length;
    this.#seen = Math.max(0, this.#seen - length);
  }

  /** Position of the line break that ends the next record, or -1 where more text is needed. */
  #nextEnd(): number {
    if (this.#kind === "jsonl" || this.#kind === "txt") {
      const end = this.#rest.indexOf("\n", this.#seen);
      this.#seen = end === -1 ? this.#rest.length : end + 1;
      return end;
    }
    const text = this.#rest;
    const delimiter = this.#delimiter.charCodeAt(0);
    while (this.#seen < text.length) {
      if (this.#state === "quoted") {
        const quote = text.indexOf('"', this.#seen);
        this.#seen = quote === -1 ? text.length : quote;
        // A doubled quote stands for one; whether the last one of a piece is doubled shows in the next piece.
        if (quote === -1 || quote + 1 === text.length) return -1;
        const doubled = text.charCodeAt(quote + 1) === 0x22;
        this.#seen = quote + (doubled ? 2 : 1);
        if (!doubled) this.#state = "plain";
        continue;
      }
      const code = text.charCodeAt(this.#seen++);
      if (code === 0x0a) {
        this.#state = "field-start";
        return this.#seen - 1;
      }
      if (code === 0x22 && this.#state === "field-start") this.#state = "quoted";
      else this.#state = code === delimiter ? "field-start" : "plain";
    }
    return -1;
  }

  #take(begin: number, end: number): RawRow | null {
    this.#checkLength(begin, end);
    const stop = end > begin && this.#rest.charCodeAt(end - 1) === 0x0d ? end - 1 : end;
    const text = this.#rest.slice(begin, stop);
    const line = this.#line;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) this.#line++;
    this.#line++;
    if (text.trim() === "") return null;
    const place = { line, start: this.#offset + begin, end: this.#offset + stop, text };
    if ((this.#kind === "csv" || this.#kind === "tsv") && this.#columns === null) {
      this.#columns = columnNames(splitFields(text, this.#delimiter), line);
      return { row: -1, ...place };
    }
    return { row: this.#row++, ...place };
  }

  #checkLength(begin: number, end: number): void {
    if (end - begin <= maxRowLength) return;
    throw new PathlightError("sample-too-large", `The row in line ${this.#line + 1} is too long.`, {
      expected: `at most ${maxRowLength.toLocaleString("en")} characters`,
      found: "more than that without the row ending",
      whatToDo: "Check the line breaks and quotes of the file.",
    });
  }
}

function columnNames(names: readonly string[], line: number): string[] {
  const trimmed = names.map((name) => name.trim());
  const double = trimmed.find((name, index) => name !== "" && trimmed.indexOf(name) !== index);
  if (double === undefined) return trimmed.map((name, index) => (name === "" ? `column ${index + 1}` : name));
  throw new PathlightError(
    "sample-unreadable",
    `Two columns are called ${JSON.stringify(double)} (line ${line + 1}).`,
    {
      expected: "the names of the columns in the first row, each once",
      found: trimmed.join(", ").slice(0, 200),
      whatToDo: "Rename one of the columns.",
    },
  );
}

/** Fields of one record of a CSV or TSV file. */
export function splitFields(record: string, delimiter: string): string[] {
  const fields: string[] = [];
  let at = 0;
  while (at <= record.length) {
    let field = "";
    if (record[at] === '"') {
      at++;
      for (;;) {
        const quote = record.indexOf('"', at);
        if (quote === -1) {
          field += record.slice(at);
          at = record.length;
          break;
        }
        field += record.slice(at, quote);
        at = quote + 1;
        if (record[at] !== '"') break;
        field += '"';
        at++;
      }
    }
    const end = record.indexOf(delimiter, at);
    const stop = end === -1 ? record.length : end;
    fields.push(field + record.slice(at, stop));
    at = stop + 1;
  }
  return fields;
}

/**
 * The values of a row by column. A row of `.jsonl` is an object, a list (columns "0", "1", …) or a text (column
 * "text"). Throws `sample-unreadable`, naming the line.
 */
export function rowFields(raw: RawRow, kind: RowKind, columns: readonly string[] | null): RowFields {
  if (kind === "txt") return new Map([["text", raw.text]]);
  if (kind === "jsonl") return jsonFields(raw);
  const names = columns ?? [];
  const fields = splitFields(raw.text, kind === "tsv" ? "\t" : ",");
  if (fields.length !== names.length) {
    throw new PathlightError("sample-unreadable", `Line ${raw.line + 1} does not have a field for each column.`, {
      expected: `${names.length} fields (${names.join(", ").slice(0, 200)})`,
      found: `${fields.length}`,
      whatToDo: "Put fields that hold a separator or a line break in quotes.",
    });
  }
  return new Map(names.map((name, index) => [name, fields[index] ?? ""]));
}

function jsonFields(raw: RawRow): RowFields {
  let value: unknown;
  try {
    value = JSON.parse(raw.text);
  } catch (cause) {
    const details = {
      expected: "one JSON value a line",
      found: cause instanceof Error ? cause.message : String(cause),
      whatToDo: "Correct the line.",
    };
    throw new PathlightError("sample-unreadable", `Line ${raw.line + 1} is not valid JSON.`, details, cause);
  }
  if (typeof value === "string") return new Map([["text", value]]);
  if (typeof value === "object" && value !== null) return new Map<string, unknown>(Object.entries(value));
  throw new PathlightError("sample-unreadable", `Line ${raw.line + 1} is no row.`, {
    expected: "a JSON object, list or text",
    found: raw.text.slice(0, 40),
    whatToDo: "Correct the line.",
  });
}

/** Rows that are looked at to tell text from numbers. */
export const columnProbeRows = 100;

/** Columns that hold text: a value that is no number in one of the rows. */
export function textColumns(rows: Iterable<RowFields>, kind: RowKind): string[] {
  const found = new Set<string>();
  const order = new Set<string>();
  for (const fields of rows) {
    for (const [name, value] of fields) {
      order.add(name);
      if (typeof value !== "string" || value.trim() === "") continue;
      if (kind === "jsonl" || kind === "txt" || !Number.isFinite(Number(value))) found.add(name);
    }
  }
  return [...order].filter((name) => found.has(name));
}

const usualNames = [
  "text",
  "question",
  "sentence",
  "content",
  "body",
  "prompt",
  "review",
  "comment",
  "message",
  "title",
];

/** The column to read as text where none was named: the only one, else the first with a usual name; null: undecided. */
export function usualTextColumn(columns: readonly string[]): string | null {
  const only = columns[0];
  if (columns.length === 1 && only !== undefined) return only;
  for (const usual of usualNames) {
    const match = columns.find((column) => column.toLowerCase() === usual);
    if (match !== undefined) return match;
  }
  return null;
}
