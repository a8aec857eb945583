import type { Explanation } from "../../protocol/explanation.ts";
import { npyBytes } from "../../samples/index.ts";

/** Names that an export may hold. */
export const matrixFileNames = ["token-matrix.json", "token-matrix.npy", "token-matrix-errors.npy"];

/**
 * `token-matrix.json` (tokens of both axes, figures of each row) with the cells as float32 [rows × columns] in
 * `token-matrix.npy` and their error estimates in `token-matrix-errors.npy`. None where there is no matrix.
 */
export function matrixFiles({
  matrix,
  produced,
  model,
  sample,
}: Explanation): { name: string; content: string | Uint8Array }[] {
  if (matrix === undefined) return [];
  const { values, cellErrors, alone, ...rest } = matrix;
  const [json = "", cells = "", errors = ""] = matrixFileNames;
  const shape = [matrix.rows.length, matrix.columns.length];
  const content = {
    version: 1,
    model: { name: model.name, fingerprint: model.fingerprint },
    sample,
    ...(produced === undefined ? {} : { written: { text: produced.text, ended: produced.ended } }),
    ...rest,
    ...(alone === undefined ? {} : { alone: { ...alone, rows: [...alone.rows], columns: [...alone.columns] } }),
    values: cells,
    cellErrors: cellErrors === null ? null : errors,
    shape,
  };
  return [
    { name: json, content: `${JSON.stringify(content, null, 2)}\n` },
    { name: cells, content: npyBytes(shape, values) },
    ...(cellErrors === null ? [] : [{ name: errors, content: npyBytes(shape, cellErrors) }]),
  ];
}
