import { PathlightError } from "../../common/errors.ts";
import { firstTextColumn } from "../../protocol/columnSamples.ts";
import type { ManifestDataset } from "../../protocol/manifest.ts";
import { usualTextColumn } from "../../protocol/rows.ts";
import { textColumnsOf } from "../dataColumns.ts";

/** The column that is read as text: the data set's (the first of several), else the only one around the row, else one with a usual name. */
export function rowColumn(file: string, text: string, row: number, dataset: ManifestDataset | undefined): string {
  const names = textColumnsOf(file, text, row).filter((name) => name !== dataset?.label);
  const column = firstTextColumn(dataset?.text) ?? usualTextColumn(names);
  if (column !== null) return column;
  throw new PathlightError("sample-column-missing", "It is not clear which column to read as text.", {
    file,
    expected: "one column with text",
    found: names.length === 0 ? "none" : names.join(", ").slice(0, 200),
    whatToDo: "Name the column, as `text` of the data set in pathlight.json.",
  });
}
