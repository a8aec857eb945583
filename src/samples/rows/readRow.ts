import { PathlightError } from "../../common/errors.ts";
import { columnProbeRows, type RowFields, textColumns, usualTextColumn } from "../../protocol/rows.ts";
import { type DataRow, dataFileKind, readRows } from "./readRows.ts";

export interface RowOptions {
  /** Column that was asked for; an error where the row does not have it. */
  readonly column?: string | undefined;
  /** Column of the true label. */
  readonly label?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RowValues extends Omit<DataRow, "fields"> {
  readonly fields: RowFields;
  /** The true label where the column is there. */
  readonly label: string | null;
}

export interface RowText extends RowValues {
  readonly text: string;
  /** Column that the text stands in. */
  readonly column: string;
  /** Columns that hold text. */
  readonly columns: readonly string[];
}

/** One row, without deciding which column is text. Throws as `readRows`, and `sample-row-missing`. */
export async function readRowValues(path: string, row: number, options: RowOptions = {}): Promise<RowValues> {
  let last = -1;
  for await (const candidate of readRows(path, options.signal)) {
    if (candidate.row === row) return withLabel(candidate, options.label);
    last = candidate.row;
  }
  throw rowMissing(path, row, last + 1);
}

/**
 * One row of a data file and its text: in the column asked for, else the only text column, else one with a usual name.
 * Throws as `readRowValues`, `sample-column-missing` (with the columns) and `sample-empty`.
 */
export async function readRow(path: string, row: number, options: RowOptions = {}): Promise<RowText> {
  const kind = dataFileKind(path);
  const probe: RowFields[] = [];
  let found: RowValues | undefined;
  let count = 0;
  for await (const candidate of readRows(path, options.signal)) {
    count++;
    if (candidate.row === row) found = withLabel(candidate, options.label);
    if (candidate.row < columnProbeRows && options.column === undefined) probe.push(...readable(candidate));
    const probed = options.column !== undefined || candidate.row >= columnProbeRows - 1;
    if (found !== undefined && probed) break;
  }
  if (found === undefined) throw rowMissing(path, row, count);
  const columns = textColumns([...probe, found.fields], kind).filter((name) => name !== options.label);
  const column = options.column ?? usualTextColumn(columns);
  if (column === null) {
    throw columnMissing(path, found, columns.length === 0 ? "a column with text" : "one column with text", columns);
  }
  const value = found.fields.get(column);
  if (typeof value !== "string" && typeof value !== "number") {
    throw columnMissing(path, found, `text in the column ${JSON.stringify(column)}`, [...found.fields.keys()]);
  }
  const text = String(value);
  if (text.trim() === "") {
    throw new PathlightError("sample-empty", `The text in line ${found.line + 1} is empty.`, {
      file: path,
      expected: `text in the column ${JSON.stringify(column)}`,
      found: text === "" ? "nothing" : "blank space",
      whatToDo: "Choose another row or column.",
    });
  }
  return { ...found, text, column, columns };
}

function withLabel(row: DataRow, label: string | undefined): RowValues {
  const fields = row.fields();
  const value = label === undefined ? undefined : fields.get(label);
  const { start, end, line } = row;
  return {
    row: row.row,
    line,
    start,
    end,
    fields,
    label: value === undefined || value === null ? null : String(value),
  };
}

/** Rows beside the one that is read only help to tell text from numbers; a broken one is no reason to fail. */
function readable(row: DataRow): RowFields[] {
  try {
    return [row.fields()];
  } catch (thrown) {
    if (thrown instanceof PathlightError) return [];
    throw thrown;
  }
}

function rowMissing(path: string, row: number, count: number): PathlightError {
  return new PathlightError("sample-row-missing", `The data file has no row ${row}.`, {
    file: path,
    expected: `a row from 0 to ${count - 1}`,
    found: `${row}`,
    whatToDo: "Rows count from 0; blank lines and the line of column names are not counted.",
  });
}

function columnMissing(path: string, row: RowValues, expected: string, columns: readonly string[]): PathlightError {
  const names = columns.length === 0 ? [...row.fields.keys()] : columns;
  return new PathlightError("sample-column-missing", `It is not clear what to read as text in line ${row.line + 1}.`, {
    file: path,
    expected,
    found: `the columns ${names.join(", ").slice(0, 300)}`,
    whatToDo: "Name the column, as `text` of the data set in pathlight.json.",
  });
}
