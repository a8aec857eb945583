import { rankByStrength } from "../common/mapLayout.ts";
import { formatPercent, formatScore, formatSigned } from "../protocol/format.ts";
import { matrixRow, matrixRowError } from "../protocol/matrixRow.ts";
import type { TokenMatrix } from "../protocol/tokenMatrix.ts";
import type { Colours } from "./terminal.ts";

const STRONGEST = 3;

const STRONGEST_PAIRS = 12;

/** The strongest pairs of tokens of two texts, and what the texts say besides. */
export function pairLines(matrix: TokenMatrix, colour: Colours): string[] {
  const { rows, columns, values, cellErrors, total, alone, axes } = matrix;
  const order = [...rankByStrength(values).order.slice(0, STRONGEST_PAIRS)].filter((cell) => values[cell] !== 0);
  const name = (token: string | undefined): string => JSON.stringify(token ?? "");
  const pairs = order.map((cell) => {
    const [row, column] = [Math.floor(cell / columns.length), cell % columns.length];
    return { pair: `${name(rows[row]?.text)} × ${name(columns[column]?.text)}`, cell };
  });
  const wide = Math.max(24, ...pairs.map(({ pair }) => pair.length));
  const sumOf = (part: ArrayLike<number>): number => Array.from(part).reduce((sum, value) => sum + value, 0);
  const lines = [
    colour.bold(`Strongest pairs (${axes.rows} × ${axes.columns})`),
    ...pairs.map(({ pair, cell }, at) => {
      const error = cellErrors === null ? "" : `±${formatScore(cellErrors[cell] ?? 0, 2)}`;
      return `${String(at + 1).padStart(3)}  ${pair.padEnd(wide)}  ${formatSigned(values[cell] ?? 0).padStart(9)}  ${error}`.trimEnd();
    }),
  ];
  if (total !== null) {
    const { absolute, relative } = total.completenessError;
    const off = relative === null ? formatScore(absolute) : formatPercent(relative);
    lines.push(
      `  All pairs add up to ${formatSigned(total.sum)}; the two texts together make ${formatSigned(total.deltaF)} (off by ${off}, ${total.status}, ${total.evaluations} evaluations).`,
    );
  }
  if (alone !== undefined) {
    lines.push(
      `  Against the other's baseline the first text makes ${formatSigned(sumOf(alone.rows))}, the second ${formatSigned(sumOf(alone.columns))}; with the pairs that is the change of ${formatSigned(alone.deltaF)}.`,
      ...alone.notes.map((note) => colour.yellow(`  ${note}`)),
    );
  }
  return lines;
}

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
