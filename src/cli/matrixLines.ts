import { rankByStrength } from "../common/mapLayout.ts";
import { formatPercent, formatScore, formatSigned } from "../protocol/format.ts";
import { matrixRow, matrixRowError } from "../protocol/matrixRow.ts";
import type { TokenMatrix } from "../protocol/tokenMatrix.ts";
import type { Colours } from "./terminal.ts";

const STRONGEST = 3;

/** A line for each row of a token matrix: what it comes from most, its change of score, and how far to trust it. */
export function matrixLines(matrix: TokenMatrix, colour: Colours): string[] {
  const { rows, columns, rowFigures, axes } = matrix;
  const width = Math.max(axes.rows.length, ...rows.map(({ text }) => text.length + 2));
  const strongest = rows.map((_, row) => {
    const { values } = matrixRow(matrix, row);
    return [...rankByStrength(values).order.slice(0, STRONGEST)]
      .filter((column) => values[column] !== 0)
      .map((column) => `${JSON.stringify(columns[column]?.text ?? "")} ${formatSigned(values[column] ?? 0)}`)
      .join(", ");
  });
  const wide = Math.max(24, ...strongest.map((text) => text.length));
  const line = (token: string, delta: string, from: string, error: string, status: string): string =>
    `  ${token.padEnd(width)}  ${delta.padStart(9)}  ${from.padEnd(wide)}  ${error.padStart(9)}  ${status}`.trimEnd();
  return [
    colour.bold(`Each ${axes.rows} by ${axes.columns} (${axes.value})`),
    colour.dim(line(axes.rows, "ΔF", "strongest", "sum off by", "")),
    ...rows.map(({ text }, row) => {
      const figures = rowFigures[row];
      const token = JSON.stringify(text);
      if (figures === undefined || figures === null) return line(token, "", "not explained", "", "");
      const off = formatPercent(matrixRowError(matrix, row, figures));
      const of =
        figures.completenessError.relative === null ? ` (${formatScore(figures.completenessError.absolute)})` : "";
      return line(token, formatSigned(figures.deltaF), strongest[row] ?? "", off + of, figures.status);
    }),
  ];
}
