import { percentile } from "../../src/common/mapLayout.ts";
import type { TokenMatrix } from "../../src/protocol/tokenMatrix.ts";

/** One cell as it is painted and read. */
export interface MatrixCell {
  readonly row: number;
  readonly column: number;
  readonly value: number;
  readonly error: number | null;
}

/** Whether the row is computed, and the column was there when it was produced. */
export function hasCell(matrix: TokenMatrix, row: number, column: number): boolean {
  if (matrix.kind === "sequence" && (matrix.rowFigures[row] ?? null) === null) return false;
  return column < (matrix.reads[row] ?? matrix.columns.length);
}

export function cellOf(matrix: TokenMatrix, row: number, column: number): MatrixCell | null {
  if (!hasCell(matrix, row, column)) return null;
  const at = row * matrix.columns.length + column;
  return { row, column, value: matrix.values[at] ?? 0, error: matrix.cellErrors?.[at] ?? null };
}

/** All cells that there are, row by row. */
export function cellsOf(matrix: TokenMatrix): MatrixCell[] {
  return matrix.rows.flatMap((_, row) =>
    matrix.columns.flatMap((_column, column) => cellOf(matrix, row, column) ?? []),
  );
}

/** What the end of the scale stands for, the same for all rows: few cells of many are large, and all of those are meant. */
export function matrixLimit(cells: readonly MatrixCell[]): number {
  return percentile(
    cells.map(({ value }) => value),
    0.995,
  );
}

/** A token as it stands on an axis: blank space can be seen. */
export function axisText(text: string): string {
  return text.replaceAll(/\r?\n/g, "⏎").replaceAll("\t", "⇥").replaceAll(/^\s+$/g, "␣");
}
