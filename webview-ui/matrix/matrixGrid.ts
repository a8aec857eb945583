import { html, nothing, type TemplateResult } from "lit";
import type { ColorScale } from "../../src/common/colorScale.ts";
import { isUncertain } from "../../src/common/mapLayout.ts";
import { formatPercent, formatSigned } from "../../src/protocol/format.ts";
import { matrixRowError } from "../../src/protocol/matrixRow.ts";
import type { TokenMatrix } from "../../src/protocol/tokenMatrix.ts";
import { icon } from "../elements/controls.ts";
import { cssVars } from "../elements/cssVars.ts";
import { formatError } from "../elements/readout.ts";
import { axisText, cellOf } from "./matrixCells.ts";

interface GridLook {
  readonly limit: number;
  readonly threshold: number;
  readonly scale: ColorScale;
  readonly warnAbove: number;
  readonly selected: { readonly row: number; readonly column: number };
  /** The row that is explained by itself. */
  readonly chosen: number | null;
  readonly choosable: boolean;
  /** Rows that are missing are on their way. */
  readonly busy: boolean;
  select(row: number, column: number): void;
  choose(row: number): void;
}

/** From so many columns on, or with long tokens, their names stand upright. */
const MOST_LEVEL = 14;
const MOST_LEVEL_LETTERS = 7;

/**
 * The matrix as a grid with one tab stop: arrows move the reading, Enter on a cell or its row's name chooses the row. A
 * cell has colour, a sign, and its value where it is wide enough.
 */
export function matrixGrid(matrix: TokenMatrix, look: GridLook): TemplateResult {
  const { rows, columns, axes } = matrix;
  const upright = columns.length > MOST_LEVEL || columns.some(({ text }) => text.length > MOST_LEVEL_LETTERS);
  const firsts = new Set(matrix.parts.slice(1).map(({ start }) => start));
  const onKey = (event: KeyboardEvent): void => {
    const { row, column } = look.selected;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      event.stopPropagation();
      look.choose(row);
      return;
    }
    const next = moved(event, row, column, rows.length, columns.length);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    look.select(next.row, next.column);
    (event.currentTarget as HTMLElement)
      .querySelector<HTMLElement>(`[data-cell="${next.row} ${next.column}"]`)
      ?.focus();
  };
  return html`<div class="matrix-scroll"><div class="matrix ${upright ? "upright" : ""}" role="grid" aria-label="${axes.rows} by ${axes.columns}, ${axes.value}"
      aria-rowcount=${rows.length + 1} aria-colcount=${columns.length + 1} ${cssVars({ "--columns": String(columns.length) })} @keydown=${onKey}>
    <div role="row" class="matrix-row head"><span role="columnheader" class="corner dim"><span>${axes.rows} ↓<br />${axes.columns} →</span></span>
      ${columns.map(
        ({ text, special }, column) =>
          html`<span role="columnheader" title=${text} class="name ${special} ${firsts.has(column) ? "first" : ""} ${column === look.selected.column ? "read" : ""}"><b>${axisText(text)}</b></span>`,
      )}</div>
    ${rows.map((token, row) => gridRow(matrix, look, row, axisText(token.text), firsts))}
  </div></div>`;
}

function gridRow(
  matrix: TokenMatrix,
  look: GridLook,
  row: number,
  name: string,
  firsts: ReadonlySet<number>,
): TemplateResult {
  const figures = matrix.rowFigures[row] ?? null;
  const error = figures === null ? null : matrixRowError(matrix, row, figures);
  const bad = error !== null && figures !== null && (error > look.warnAbove || figures.status === "suspect-gradient");
  const note = error === null ? (matrix.kind === "pairs" ? "" : look.busy ? "…" : "–") : formatPercent(error);
  const spoken =
    error === null
      ? `${name}${matrix.kind === "pairs" ? "" : ", not explained yet"}`
      : `${name}, token ${row + 1}, adds up within ${formatPercent(error)}${bad ? ", low trust" : ""}`;
  return html`<div role="row" class="matrix-row ${row === look.chosen ? "chosen" : ""}" aria-rowindex=${row + 2}>
    <span role="rowheader" class="name ${row === look.selected.row ? "read" : ""} ${look.choosable ? "choosable" : ""}"
      aria-selected=${row === look.chosen ? "true" : "false"} aria-label=${spoken}
      title="${spoken}${look.choosable && row !== look.chosen ? ". Click to explain it by itself." : ""}" @click=${() => look.choose(row)}><b>${name}</b><small
        class=${bad ? "bad" : "dim"}>${bad ? icon("warning") : nothing}${note}</small></span>
    ${matrix.columns.map((column, at) => gridCell(matrix, look, row, at, `${name} from ${axisText(column.text)}`, firsts.has(at)))}
  </div>`;
}

function gridCell(
  matrix: TokenMatrix,
  look: GridLook,
  row: number,
  column: number,
  place: string,
  first: boolean,
): TemplateResult {
  const cell = cellOf(matrix, row, column);
  const selected = row === look.selected.row && column === look.selected.column;
  const value = cell?.value ?? 0;
  const u = look.limit > 0 ? Math.max(-1, Math.min(1, value / look.limit)) : 0;
  const t = Math.abs(u);
  const shown = cell !== null && t >= look.threshold && t > 0;
  const at = Math.sign(u) * (0.12 + 0.8 * t);
  const uncertain = cell !== null && cell.error !== null && isUncertain(value, cell.error, look.limit);
  const spoken =
    cell === null
      ? `${place}: empty`
      : `${place}: ${formatSigned(value)}${cell.error === null ? "" : ` ${formatError(cell.error)}`}${uncertain ? ", smaller than its error" : ""}`;
  return html`<span role="gridcell" data-cell="${row} ${column}" tabindex=${selected ? 0 : -1} aria-selected=${selected ? "true" : "false"}
    class="cell ${cell === null ? "empty" : ""} ${uncertain ? "uncertain" : ""} ${first ? "first" : ""}" aria-label=${spoken} title=${spoken}
    @click=${() => look.select(row, column)} @dblclick=${() => look.choose(row)}
    ${cssVars({
      background: shown ? look.scale.css(at) : "transparent",
      color: shown ? look.scale.ink(at) : "var(--dim)",
    })}>${shown ? html`<span class="number">${formatSigned(value, 2)}</span><span class="sign">${value < 0 ? "−" : "+"}</span>` : nothing}</span>`;
}

function moved(
  { key, ctrlKey }: KeyboardEvent,
  row: number,
  column: number,
  rows: number,
  columns: number,
): { row: number; column: number } | null {
  const clamp = (value: number, count: number): number => Math.max(0, Math.min(count - 1, value));
  switch (key) {
    case "ArrowRight":
      return { row, column: clamp(column + 1, columns) };
    case "ArrowLeft":
      return { row, column: clamp(column - 1, columns) };
    case "ArrowDown":
      return { row: clamp(row + 1, rows), column };
    case "ArrowUp":
      return { row: clamp(row - 1, rows), column };
    case "Home":
      return { row: ctrlKey ? 0 : row, column: 0 };
    case "End":
      return { row: ctrlKey ? rows - 1 : row, column: columns - 1 };
    default:
      return null;
  }
}
