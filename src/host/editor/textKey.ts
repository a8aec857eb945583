import { createHash } from "node:crypto";
import type { TextAttribution } from "../../protocol/explanation.ts";
import type { RowFields } from "../../protocol/rows.ts";

/** The texts of a row that an explanation is of, so that it can be told whether the row still has them. */
export interface TextKey {
  readonly columns: readonly string[];
  readonly key: string;
}

/** Null: it is of no row, or of before columns were known. */
export function textKeyOf(attributions: readonly TextAttribution[]): TextKey | null {
  const texts = new Map<string, string>();
  for (const { fields, text } of attributions) {
    for (const { name, start, end } of fields) {
      if (name === null) return null;
      texts.set(name, text.slice(start, end));
    }
  }
  const columns = [...texts.keys()];
  const key = rowKeyOf(texts, columns);
  return key === null || columns.length === 0 ? null : { columns, key };
}

/** The same of a row as it stands; null: it has no text in one of the columns. */
export function rowKeyOf(values: RowFields, columns: readonly string[]): string | null {
  const hash = createHash("sha256");
  for (const column of columns) {
    const value = values.get(column);
    if (typeof value !== "string" && typeof value !== "number") return null;
    // Line ends are the editor's or the file's, and no part of what is read.
    const text = String(value).replaceAll(/\r\n|\r/g, "\n");
    hash.update(`${column.length}:${column}${text.length}:${text}`);
  }
  return hash.digest("hex");
}
