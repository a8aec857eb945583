import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { rankByStrength } from "../../src/common/mapLayout.ts";
import { formatPercent, formatScore, formatShare, formatSigned } from "../../src/protocol/format.ts";
import { matrixRowError } from "../../src/protocol/matrixRow.ts";
import type { TokenMatrix } from "../../src/protocol/tokenMatrix.ts";
import { formatError, type ReadoutField, readout } from "../elements/readout.ts";
import { scaleBar } from "../elements/scaleBar.ts";
import { spokenReading } from "../elements/spokenReading.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { theme } from "../model/theme.ts";
import { plural } from "../model/words.ts";
import type { ValueRow } from "../table/valueTable.ts";
import { axisText, cellOf, cellsOf, type MatrixCell, matrixLimit } from "./matrixCells.ts";
import { matrixGrid } from "./matrixGrid.ts";
import "../table/valueTable.ts";

/** Tokens of one text by tokens of another: a grid, what one cell says, and the same as a table. */
class MatrixView extends StoreElement {
  static override properties: PropertyDeclarations = { matrix: { attribute: false } };
  declare matrix: TokenMatrix;
  #known: { readonly matrix: TokenMatrix; readonly cells: readonly MatrixCell[]; readonly limit: number } | null = null;

  get #cells(): { readonly cells: readonly MatrixCell[]; readonly limit: number } {
    if (this.#known?.matrix !== this.matrix) {
      const cells = cellsOf(this.matrix);
      this.#known = { matrix: this.matrix, cells, limit: matrixLimit(cells) };
    }
    return this.#known;
  }

  /** The cell that is read: the strongest of the chosen row until the reader moves. */
  get #selected(): { row: number; column: number } {
    const { matrix } = this;
    const { matrixCell } = this.store.view;
    if (matrixCell !== null && matrixCell.row < matrix.rows.length && matrixCell.column < matrix.columns.length) {
      return matrixCell;
    }
    const chosen = this.#chosenRow ?? 0;
    const strongest = this.#cells.cells
      .filter(({ row }) => row === chosen)
      .reduce<MatrixCell | null>(
        (best, cell) => (Math.abs(cell.value) > Math.abs(best?.value ?? 0) ? cell : best),
        null,
      );
    return { row: chosen, column: strongest?.column ?? 0 };
  }

  /** The row that is explained by itself in the text view; null where rows have no explanation of their own. */
  get #chosenRow(): number | null {
    const explanation = this.store.shown?.explanation;
    return this.matrix.kind === "sequence" && explanation !== undefined ? explanation.target.index : null;
  }

  #select(row: number, column: number): void {
    this.store.setView({ matrixCell: { row, column } });
  }

  #choose(row: number): void {
    if (this.matrix.kind !== "sequence" || this.store.readOnly || row === this.#chosenRow) return;
    this.store.post({ type: "set", settings: { target: { kind: "index", index: row } } });
  }

  protected override render(): TemplateResult {
    const { matrix, store } = this;
    const { cells, limit } = this.#cells;
    const { row, column } = this.#selected;
    const old = store.dimmed || (store.state?.stale !== null && store.state?.stale !== undefined);
    return html`<div class="matrix-view ${old ? "dimmed" : ""}">
      <h2>${matrix.kind === "sequence" ? "What each token was written from" : "What each pair of tokens contributes"}
        <small>${this.#summary()}</small></h2>
      ${this.#progress()}
      ${
        store.view.table
          ? html`<pl-value-table .store=${store} .rows=${this.#rows(cells)} .selected=${row * matrix.columns.length + column}
              placeTitle="${matrix.axes.rows} ← ${matrix.axes.columns}" noun="cell"
              @pl-pick=${(event: CustomEvent<number>) => this.#select(Math.floor(event.detail / matrix.columns.length), event.detail % matrix.columns.length)}></pl-value-table>`
          : matrixGrid(matrix, {
              limit,
              threshold: store.view.textThreshold,
              scale: theme().scale(store.view.colorMap),
              warnAbove: store.state?.warnAbove ?? 0.05,
              selected: { row, column },
              chosen: this.#chosenRow,
              choosable: matrix.kind === "sequence" && !store.readOnly,
              busy: store.state?.sequence !== null && store.state?.sequence !== undefined,
              select: (nextRow, nextColumn) => this.#select(nextRow, nextColumn),
              choose: (nextRow) => this.#choose(nextRow),
            })
      }
      ${this.#reading(row, column, limit)}
    </div>`;
  }

  #summary(): string {
    const { matrix } = this;
    const { total } = matrix;
    if (total !== null) return `adds up to ${formatSigned(total.sum)} of ${formatSigned(total.deltaF)}`;
    const errors = matrix.rowFigures.flatMap((figures, row) =>
      figures === null ? [] : [matrixRowError(matrix, row, figures)],
    );
    if (errors.length === 0) return "";
    return `each row adds up to its own change; off by ${formatPercent(Math.max(...errors))} at most`;
  }

  #progress(): TemplateResult | typeof nothing {
    const { matrix, store } = this;
    const progress = store.state?.sequence ?? null;
    const done = matrix.rowFigures.filter((figures) => figures !== null).length;
    if (matrix.kind !== "sequence" || done === matrix.rows.length) return nothing;
    if (progress === null && store.readOnly) return nothing;
    return html`<p class="matrix-progress" role="status"><span>${done} of ${plural(matrix.rows.length, "token")} explained</span>
      ${
        progress !== null
          ? html`<button class="secondary" @click=${() => store.post({ type: "cancel" })}>Cancel</button>`
          : store.state?.phase === "done" || store.state?.phase === "cancelled"
            ? html`<button class="secondary" @click=${() => store.post({ type: "explainSequence" })}>Explain the others</button>`
            : nothing
      }</p>`;
  }

  #reading(row: number, column: number, limit: number): TemplateResult {
    const { matrix } = this;
    const cell = cellOf(matrix, row, column);
    const figures = matrix.rowFigures[row] ?? null;
    const fields: ReadoutField[] = [
      { term: capital(matrix.axes.rows), value: axisText(matrix.rows[row]?.text ?? "") },
      { term: capital(matrix.axes.columns), value: axisText(matrix.columns[column]?.text ?? "") },
      cell === null
        ? {
            term: "Value",
            value: "–",
            note: figures === null ? "not explained yet" : "not there yet when it was written",
          }
        : {
            term: "Value",
            value: formatSigned(cell.value),
            note: cell.error === null ? "error not known" : formatError(cell.error),
          },
    ];
    const deltaF = (figures ?? matrix.total)?.deltaF ?? 0;
    if (cell !== null && deltaF !== 0) {
      fields.push({
        term: figures === null ? "Share of change" : "Share of its change",
        value: formatShare(cell.value / deltaF),
        note: `of ${formatSigned(deltaF)}`,
      });
    }
    if (figures !== null) {
      fields.push({
        term: "Row off by",
        value: formatPercent(matrixRowError(matrix, row, figures)),
        note: `${formatScore(figures.completenessError.absolute)}, ${figures.status}, ${plural(figures.evaluations, "evaluation")}`,
      });
    }
    const canChoose = matrix.kind === "sequence" && !this.store.readOnly && row !== this.#chosenRow;
    return html`<div class="reading"><div>${readout(fields)}${spokenReading(fields)}
        ${
          canChoose
            ? html`<button class="secondary" @click=${() => this.#choose(row)}>Explain “${axisText(matrix.rows[row]?.text ?? "")}” by itself</button>`
            : nothing
        }</div>
      <div>${scaleBar(theme().scale(this.store.view.colorMap), formatScore(limit, 2), "the token")}
        <p class="dim small"><span class="hatch-key"></span>smaller than its error</p></div></div>`;
  }

  #rows(cells: readonly MatrixCell[]): readonly ValueRow[] {
    const { matrix } = this;
    const { rankOf } = rankByStrength(cells.map(({ value }) => value));
    return cells
      .map(({ row, column, value, error }, at) => {
        const deltaF = (matrix.rowFigures[row] ?? matrix.total)?.deltaF ?? 0;
        return {
          index: row * matrix.columns.length + column,
          rank: rankOf[at] ?? 0,
          place: `${axisText(matrix.rows[row]?.text ?? "")} (${row + 1}) ← ${axisText(matrix.columns[column]?.text ?? "")} (${column + 1})`,
          value,
          error,
          share: deltaF === 0 ? null : value / deltaF,
          gradient: null,
        };
      })
      .sort((a, b) => a.rank - b.rank);
  }
}
customElements.define("pl-matrix-view", MatrixView);

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
