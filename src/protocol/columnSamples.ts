import { PathlightError } from "../common/errors.ts";
import type { ExplainRequest, SampleRef } from "./explain.ts";
import type { ManifestDataset, TextColumns } from "./manifest.ts";

/**
 * A row as the samples of a model's inputs, by what its data set says of columns: one text, two that are read as one
 * sequence, or a text for each input. A column that the sample itself names goes before that of the data set, but for
 * columns by input. What is no row is one sample as it stands. Throws `sample-column-missing` for a row that stands in
 * an editor; one on disk is not looked at.
 */
export function columnSamples(sample: SampleRef, text: ManifestDataset["text"]): ExplainRequest["samples"] {
  if (sample.row === undefined || text === undefined) return [{ sample }];
  if (typeof text === "object" && !Array.isArray(text)) {
    return Object.entries(text).map(([input, columns]) => ({ input, sample: withColumns(sample, columns) }));
  }
  const [first] = columnsOf(text);
  const own = sample.kind === "file" ? sample.column : sample.row.column;
  return [{ sample: own === undefined || own === first ? withColumns(sample, text) : sample }];
}

/** The column that is read first; undefined: the data set names none. */
export function firstTextColumn(text: ManifestDataset["text"]): string | undefined {
  if (text === undefined || typeof text === "string") return text;
  const [first] = Array.isArray(text) ? text : Object.values(text).flat();
  return first;
}

function columnsOf(columns: TextColumns): readonly [string, string | undefined] {
  return typeof columns === "string" ? [columns, undefined] : columns;
}

function withColumns(sample: SampleRef, columns: TextColumns): SampleRef {
  const [column, secondColumn] = columnsOf(columns);
  const second = secondColumn === undefined ? {} : { secondColumn };
  if (sample.kind === "file") return { ...sample, column, ...second };
  const { row } = sample;
  if (row === undefined) return sample;
  const text = row.fields[column];
  if (text !== undefined) return { ...sample, text, row: { ...row, column, ...second } };
  throw new PathlightError("sample-column-missing", "The row does not have a column that the model reads.", {
    expected: JSON.stringify(column),
    found: `the columns ${Object.keys(row.fields).join(", ").slice(0, 300)}`,
    whatToDo: "Name the columns, as `text` of the data set in pathlight.json.",
  });
}
