import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { rankByStrength } from "../../src/common/mapLayout.ts";
import type { TextAttribution } from "../../src/protocol/explanation.ts";
import { formatShare, formatSigned } from "../../src/protocol/format.ts";
import type { Conservation, LayerSum } from "../../src/protocol/neurons.ts";
import type { TokenMatrix } from "../../src/protocol/tokenMatrix.ts";
import { smallScale } from "../elements/scaleBar.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { axisText, cellsOf, matrixLimit } from "../matrix/matrixCells.ts";
import { matrixGrid } from "../matrix/matrixGrid.ts";
import { theme } from "../model/theme.ts";
import { type TokenGroup, tokenGroups } from "../text/tokenGroups.ts";
import "../table/valueTable.ts";

/** Layers that are shown; of more they are thinned out evenly, the first and the last among them. */
const MOST_LAYERS = 48;

/** Conductance of each word through the depth of the network: layers by words, what each layer has of each word. */
class LayerTokens extends StoreElement {
  static override properties: PropertyDeclarations = {
    conservation: { attribute: false },
    attribution: { attribute: false },
    cell: { state: true },
  };
  declare conservation: Conservation;
  declare attribution: TextAttribution;
  /** The cell that is read; the strongest until the reader moves. */
  cell: { readonly row: number; readonly column: number } | null = null;
  #known: { readonly of: readonly unknown[]; readonly matrix: TokenMatrix } | null = null;

  get #matrix(): TokenMatrix {
    const of = [this.conservation, this.attribution];
    if (this.#known === null || this.#known.of.some((each, at) => each !== of[at])) {
      this.#known = { of, matrix: matrixOf(this.conservation.layers, this.attribution) };
    }
    return this.#known.matrix;
  }

  protected override render(): TemplateResult | typeof nothing {
    const matrix = this.#matrix;
    const { store } = this;
    if (matrix.rows.length === 0) return nothing;
    const cells = cellsOf(matrix);
    const limit = matrixLimit(cells);
    const strongest = cells.reduce((best, cell) => (Math.abs(cell.value) > Math.abs(best.value) ? cell : best));
    const selected = this.cell ?? strongest;
    const columns = matrix.columns.length;
    const kept = this.conservation.layers.filter(({ positions }) => positions !== undefined).length;
    const thinned = kept > matrix.rows.length ? `${matrix.rows.length} of ${kept} layers` : "";
    const chosen = matrix.rows.findIndex(({ text }) => text === store.view.layers.layer?.[0]);
    return html`<section aria-labelledby="h-depth"><h2 id="h-depth" class="first-heading">Words through the depth <small>what each layer carries at each word${thinned === "" ? "" : `; ${thinned}`}</small></h2>
      ${
        store.view.table
          ? html`<pl-value-table .store=${store} .rows=${this.#rows(matrix)} .selected=${selected.row * columns + selected.column} placeTitle="Layer: word" noun="cell"
              @pl-pick=${(event: CustomEvent<number>) => this.#select(Math.floor(event.detail / columns), event.detail % columns)}></pl-value-table>`
          : matrixGrid(matrix, {
              limit,
              threshold: store.view.textThreshold,
              scale: theme().scale(store.view.colorMap),
              warnAbove: 1,
              selected,
              chosen: chosen < 0 ? null : chosen,
              choosable: true,
              busy: false,
              select: (row, column) => this.#select(row, column),
              choose: (row) => this.#choose(row),
            })
      }
      <div class="depth-foot"><p class="small" aria-live="polite">${this.#said(matrix, selected)}</p>${smallScale(theme().scale(store.view.colorMap), limit)}</div></section>`;
  }

  #said(matrix: TokenMatrix, { row, column }: { readonly row: number; readonly column: number }): string {
    const value = matrix.values[row * matrix.columns.length + column] ?? 0;
    const { deltaF } = this.conservation;
    const share = deltaF === 0 ? "" : `, ${formatShare(value / deltaF)} of the change`;
    return `${matrix.rows[row]?.text ?? ""} at ${axisText(matrix.columns[column]?.text ?? "")}: ${formatSigned(value)}${share}`;
  }

  #select(row: number, column: number): void {
    this.cell = { row, column };
  }

  #choose(row: number): void {
    const node = this.#matrix.rows[row]?.text;
    if (node !== undefined) this.dispatchEvent(new CustomEvent("pl-layer", { detail: [node] }));
  }

  #rows(matrix: TokenMatrix) {
    const { rankOf } = rankByStrength(matrix.values);
    const { deltaF } = this.conservation;
    const columns = matrix.columns.length;
    return [...matrix.values]
      .map((value, index) => ({
        index,
        rank: rankOf[index] ?? 0,
        place: `${matrix.rows[Math.floor(index / columns)]?.text ?? ""}: ${axisText(matrix.columns[index % columns]?.text ?? "")}`,
        value,
        error: null,
        share: deltaF === 0 ? null : value / deltaF,
        gradient: null,
      }))
      .sort((a, b) => a.rank - b.rank);
  }
}
customElements.define("pl-layer-tokens", LayerTokens);

/** Layers as rows, words as columns; padding is one. */
function matrixOf(all: readonly LayerSum[], attribution: TextAttribution): TokenMatrix {
  const kept = all.filter(({ positions }) => positions?.length === attribution.tokens.length);
  const step = Math.max(1, (kept.length - 1) / (MOST_LAYERS - 1));
  const layers = kept.filter((_, at) => Math.round(Math.round(at / step) * step) === at);
  const words = tokenGroups(attribution, "word");
  return {
    kind: "pairs",
    axes: { rows: "layer", columns: "word", value: "conductance" },
    rowText: "",
    columnText: attribution.text,
    rows: layers.map(({ node }) => token(node, "none")),
    columns: words.map(({ text, special }) => token(text, special)),
    parts: [],
    values: Float32Array.from(
      layers.flatMap(({ positions }) =>
        words.map(({ tokens }) => tokens.reduce((sum, position) => sum + (positions?.[position] ?? 0), 0)),
      ),
    ),
    cellErrors: null,
    rowFigures: layers.map(() => null),
    reads: [],
    total: null,
  };
}

function token(text: string, special: TokenGroup["special"]): TokenMatrix["rows"][number] {
  return { text, id: 0, start: 0, end: 0, special, word: -1 };
}
