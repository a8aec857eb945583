import { throwIfCancelled } from "../common/cancellation.ts";
import { PathlightError } from "../common/errors.ts";
import { elementCount, type NumericTensor } from "./numericTensor.ts";
import { readRows } from "./rows/readRows.ts";
import { type RowPlace, tensorFromRow } from "./tensorSample.ts";

export interface MeanOfRows {
  readonly tensor: NumericTensor;
  /** Rows that the mean is taken of. */
  readonly count: number;
  /** Rows that do not hold the features, each a number. */
  readonly leftOut: number;
  /** There are more rows than are read. */
  readonly isCut: boolean;
}

/** A table of a million rows need not be read for every run. */
export const MOST_MEAN_ROWS = 100_000;

/**
 * The mean of the rows of tables, summed in float64; `columns` and `label` as of the sample, whose shape it is. A row that
 * is not made of such numbers is left out. Throws `baseline-invalid` when none is left, and what `readRows` throws.
 */
export async function meanOfRows(
  paths: readonly string[],
  shape: readonly number[],
  { columns, label }: Pick<RowPlace, "columns" | "label">,
  signal?: AbortSignal,
  onProgress?: (done: number, of: number) => void,
): Promise<MeanOfRows> {
  const sum = new Float64Array(elementCount(shape));
  let count = 0;
  let leftOut = 0;
  let isCut = false;
  for (const [index, file] of paths.entries()) {
    if (isCut) break;
    for await (const { line, fields } of readRows(file, signal)) {
      isCut = count + leftOut >= MOST_MEAN_ROWS;
      if (isCut) break;
      throwIfCancelled(signal);
      const row = valuesOf(fields, { file, line, columns, label }, shape);
      if (row === null) leftOut++;
      else {
        count++;
        row.forEach((value, at) => {
          sum[at] = (sum[at] ?? 0) + value;
        });
      }
    }
    onProgress?.(index + 1, paths.length);
  }
  if (count > 0) {
    const data = Float32Array.from(sum, (value) => value / count);
    return { tensor: { shape: [...shape], data }, count, leftOut, isCut };
  }
  throw new PathlightError("baseline-invalid", "There are no rows to take the mean of.", {
    file: paths[0],
    expected: "at least one row with a number in each column of the sample's",
    found: `${leftOut} rows, none of them`,
    whatToDo: "Choose another baseline.",
  });
}

/** Null: what stands there is no such row. */
function valuesOf(
  fields: () => Parameters<typeof tensorFromRow>[0],
  place: RowPlace,
  shape: readonly number[],
): NumericTensor["data"] | null {
  try {
    return tensorFromRow(fields(), place, shape, false).tensor.data;
  } catch (thrown) {
    if (!(thrown instanceof PathlightError)) throw thrown;
    return null;
  }
}
