import { columnProbeRows, locateRows, type RowFields, rowFields, rowKind, textColumns } from "../protocol/rows.ts";

/** Names of the columns of a data file that hold text, from the rows around `row`, or the last ones that were read. */
export function textColumnsOf(file: string, text: string, row: number): string[] {
  const kind = rowKind(file);
  if (kind === null || kind === "txt") return [];
  const { columns, rows } = locateRows(text, kind);
  const first = Math.max(0, Math.min(row, rows.length - columnProbeRows));
  const fields: RowFields[] = [];
  for (const raw of rows.slice(first, first + columnProbeRows)) {
    try {
      fields.push(rowFields(raw, kind, columns));
    } catch {
      // A broken row names no column; the compute process says what is wrong with it when it is explained.
    }
  }
  return textColumns(fields, kind);
}
