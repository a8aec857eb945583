import type { MatrixFigures, TokenMatrix } from "./tokenMatrix.ts";

/** The cells of one row, and the error of each; null while unknown. */
export function matrixRow(matrix: TokenMatrix, row: number): { values: Float32Array; errors: Float32Array | null } {
  const width = matrix.columns.length;
  const part = (cells: Float32Array): Float32Array => cells.subarray(row * width, (row + 1) * width);
  return { values: part(matrix.values), errors: matrix.cellErrors === null ? null : part(matrix.cellErrors) };
}

/** |Σ − ΔF| of a row as a fraction of ΔF, or of what its cells weigh where ΔF is 0. */
export function matrixRowError(matrix: TokenMatrix, row: number, { completenessError }: MatrixFigures): number {
  if (completenessError.relative !== null) return completenessError.relative;
  const weight = matrixRow(matrix, row).values.reduce((sum, value) => sum + Math.abs(value), 0);
  return weight === 0 ? 0 : completenessError.absolute / weight;
}
