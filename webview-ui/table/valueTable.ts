import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { formatShare, formatSigned } from "../../src/protocol/format.ts";
import { icon } from "../elements/controls.ts";
import { formatError } from "../elements/readout.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { Unchanged } from "../model/unchanged.ts";
import { plural } from "../model/words.ts";

export interface ValueRow {
  readonly index: number;
  readonly rank: number;
  readonly place: string;
  readonly value: number;
  readonly error: number | null;
  /** Share of the change; null where the score did not change. */
  readonly share: number | null;
  readonly gradient: number | null;
}

type Column = "rank" | "place" | "value" | "error" | "share" | "gradient";

const PAGE = 100;

/** What the map shows, as numbers: sorted by any column, filtered by place or sign, one tab stop with arrows inside. */
class ValueTable extends StoreElement {
  static override properties: PropertyDeclarations = {
    rows: { attribute: false },
    placeTitle: {},
    noun: {},
    selected: { attribute: false },
    column: { state: true },
    descending: { state: true },
    length: { state: true },
  };
  rows: readonly ValueRow[] = [];
  placeTitle = "Place";
  noun = "value";
  selected = -1;
  column: Column = "rank";
  descending = false;
  length = PAGE;

  readonly #same = new Unchanged();
  #sorted: readonly ValueRow[] = [];

  #found(): readonly ValueRow[] {
    const { rows, column, descending } = this;
    if (!this.#same.check(rows, column, descending, this.store.view.tableFilter)) this.#sorted = this.#sort();
    return this.#sorted;
  }

  #sort(): readonly ValueRow[] {
    const wanted = this.store.view.tableFilter.trim().toLowerCase();
    const found = this.rows.filter(({ place, value }) => {
      if (wanted === "") return true;
      if (wanted === "+") return value > 0;
      if (wanted === "-" || wanted === "−") return value < 0;
      return place.toLowerCase().includes(wanted);
    });
    const { column } = this;
    const sign = this.descending ? -1 : 1;
    return [...found].sort((a, b) => {
      const order =
        column === "place"
          ? a.place.localeCompare(b.place, "en", { numeric: true })
          : (a[column] ?? 0) - (b[column] ?? 0);
      return order * sign || a.rank - b.rank;
    });
  }

  #sortBy(column: Column): void {
    if (this.column === column) this.descending = !this.descending;
    else {
      this.column = column;
      this.descending = column !== "rank" && column !== "place";
    }
  }

  #pick(index: number): void {
    this.dispatchEvent(new CustomEvent("pl-pick", { detail: index }));
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const rows = [...this.querySelectorAll<HTMLElement>("tbody tr")];
    const index = rows.indexOf((event.target as HTMLElement).closest("tr") as HTMLElement);
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (index < 0 || by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = rows[Math.max(0, Math.min(rows.length - 1, index + by))];
    next?.focus();
    if (next !== undefined) this.#pick(Number(next.dataset["index"]));
  };

  #header(column: Column, label: string, right = true): TemplateResult {
    const active = this.column === column;
    return html`<th class=${right ? "right" : ""} scope="col" aria-sort=${active ? (this.descending ? "descending" : "ascending") : "none"}>
      <button class="sort" @click=${() => this.#sortBy(column)}>${label}${active ? icon(this.descending ? "chevron-down" : "chevron-up") : nothing}</button></th>`;
  }

  protected override render(): TemplateResult {
    const found = this.#found();
    const seen = found.slice(0, this.length);
    const shares = this.rows.some(({ share }) => share !== null);
    const gradients = this.rows.some(({ gradient }) => gradient !== null);
    const stop = seen.some(({ index }) => index === this.selected) ? this.selected : seen[0]?.index;
    return html`<div class="table-view">
      <div class="table-tools"><input type="search" placeholder="Filter: place, + or −" aria-label="Filter the table by place, or by sign with plus or minus"
        .value=${this.store.view.tableFilter} @input=${(event: Event) => {
          this.length = PAGE;
          this.store.setView({ tableFilter: (event.target as HTMLInputElement).value });
        }} /><span class="dim small" role="status">${
          found.length === this.rows.length
            ? plural(found.length, this.noun)
            : `${found.length} of ${plural(this.rows.length, this.noun)}`
        }</span></div>
      <table @keydown=${this.#onKey}>
        <caption class="hidden">Attribution, strongest first</caption>
        <thead><tr>${this.#header("rank", "Rank", false)}${this.#header("place", this.placeTitle, false)}${this.#header("value", "Value")}${this.#header("error", "Error")}${
          shares ? this.#header("share", "Share") : nothing
        }${gradients ? this.#header("gradient", "Plain gradient") : nothing}</tr></thead>
        <tbody>${seen.map(
          (
            row,
          ) => html`<tr data-index=${row.index} tabindex=${row.index === stop ? 0 : -1} aria-selected=${row.index === this.selected ? "true" : "false"}
            @click=${() => this.#pick(row.index)}><td>${row.rank}</td><td>${row.place}</td><td class="right"><b>${formatSigned(row.value)}</b></td>
            <td class="right dim">${row.error === null ? "–" : formatError(row.error)}</td>${
              shares ? html`<td class="right">${row.share === null ? "–" : formatShare(row.share)}</td>` : nothing
            }${gradients ? html`<td class="right dim">${row.gradient === null ? "–" : formatSigned(row.gradient)}</td>` : nothing}</tr>`,
        )}</tbody>
      </table>
      ${
        seen.length < found.length
          ? html`<button class="secondary more-rows" @click=${() => {
              this.length += 400;
            }}>Show more (${found.length - seen.length} left)</button>`
          : nothing
      }
    </div>`;
  }
}
customElements.define("pl-value-table", ValueTable);
