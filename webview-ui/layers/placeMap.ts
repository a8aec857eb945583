import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { isUncertain } from "../../src/common/mapLayout.ts";
import type { ImageAttribution } from "../../src/protocol/explanation.ts";
import { formatSigned } from "../../src/protocol/format.ts";
import { cssVars } from "../elements/cssVars.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { frameOf, originalRect } from "../image/frame.ts";
import { theme } from "../model/theme.ts";
import { valueText } from "./layerWords.ts";
import { patchOutline } from "./patchOutline.ts";
import "./photo.ts";

/** More cells than these are drawn without a focus of their own; the table has them. */
const MOST_FOCUSED = 1024;

/**
 * Values of equal cells over the picture: who drives a neuron, where it carries the change, or where it is active. A grid
 * with one tab stop: arrows move the reading.
 */
class PlaceMap extends StoreElement {
  static override properties: PropertyDeclarations = {
    attribution: { attribute: false },
    values: { attribute: false },
    errors: { attribute: false },
    rows: { attribute: false },
    columns: { attribute: false },
    label: {},
    at: { state: true },
  };
  declare attribution: ImageAttribution;
  declare values: Float32Array;
  errors: Float32Array | null = null;
  rows = 1;
  columns = 1;
  label = "";
  at = -1;

  get limit(): number {
    return this.values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
  }

  protected override render(): TemplateResult {
    const frame = frameOf(this.attribution);
    const { width, height } = this.attribution;
    const part = originalRect(this.attribution, { x: 0, y: 0, width, height });
    const percent = (value: number): string => `${value * 100}%`;
    const { limit } = this;
    const strongest = this.values.reduce(
      (best, value, at) => (Math.abs(value) > Math.abs(this.values[best] ?? 0) ? at : best),
      0,
    );
    const stop = this.at < 0 || this.at >= this.values.length ? strongest : this.at;
    const isGrid = this.values.length <= MOST_FOCUSED;
    return html`<div class="picture place-map" ${cssVars({ "aspect-ratio": `${frame.width} / ${frame.height}` })}>
        <pl-photo .store=${this.store} .attribution=${this.attribution}></pl-photo>
        <div class="cells" role=${isGrid ? "grid" : "img"} aria-label=${this.label} aria-rowcount=${isGrid ? this.rows : nothing} aria-colcount=${isGrid ? this.columns : nothing}
          @keydown=${this.#onKey} ${cssVars({
            left: percent((part.x - frame.x) / frame.width),
            top: percent((part.y - frame.y) / frame.height),
            width: percent(part.width / frame.width),
            height: percent(part.height / frame.height),
            "--rows": String(this.rows),
            "--columns": String(this.columns),
          })}>${Array.from({ length: this.rows }, (_, row) => html`<div role=${isGrid ? "row" : "presentation"} class="cell-row">${Array.from({ length: this.columns }, (_unused, column) => this.#cell(row * this.columns + column, stop, limit, isGrid))}</div>`)}</div>
        <svg class="patch-lines thin" viewBox="${frame.x} ${frame.y} ${frame.width} ${frame.height}" preserveAspectRatio="none" aria-hidden="true">${this.store.view.layers.patches.map((patch) => patchOutline(this.attribution, patch, false))}</svg></div>
      <p class="small place-reading" aria-live="polite">${this.#said(stop)}</p>`;
  }

  #said(at: number): string {
    const value = this.values[at] ?? 0;
    const error = this.errors?.[at];
    const place = `row ${Math.floor(at / this.columns) + 1}, column ${(at % this.columns) + 1}`;
    return `${capitalRow(place)}: ${error === undefined ? formatSigned(value) : valueText(value, error)}`;
  }

  #cell(at: number, stop: number, limit: number, isGrid: boolean): TemplateResult {
    const value = this.values[at] ?? 0;
    const u = limit > 0 ? value / limit : 0;
    const t = Math.min(1, Math.abs(u));
    const error = this.errors?.[at] ?? 0;
    // The error of a first draft is as large as the value.
    const uncertain = isUncertain(value, error, limit) || (error > 0 && Math.abs(value) === error);
    return html`<span role=${isGrid ? "gridcell" : "presentation"} class="cell ${uncertain ? "uncertain" : ""} ${at === stop ? "read" : ""}" data-at=${at} tabindex=${isGrid ? (at === stop ? 0 : -1) : nothing}
      aria-label=${isGrid ? `${this.#said(at)}${uncertain ? ", smaller than its error" : ""}` : nothing}
      @pointerenter=${() => {
        this.at = at;
      }} @click=${() => {
        this.at = at;
      }}><i ${cssVars({
        background: theme()
          .scale(this.store.view.colorMap)
          .css(Math.sign(u) * (0.2 + 0.8 * t)),
        opacity: String(t < 0.02 ? 0 : Math.min(0.94, 0.3 + 0.7 * t)),
      })}></i></span>`;
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const stop = Number((event.target as HTMLElement).dataset["at"] ?? Math.max(0, this.at));
    const by = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const [down = 0, right = 0] = by;
    const row = Math.max(0, Math.min(this.rows - 1, Math.floor(stop / this.columns) + down));
    const column = Math.max(0, Math.min(this.columns - 1, (stop % this.columns) + right));
    this.at = row * this.columns + column;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(`[data-at="${this.at}"]`)?.focus());
  };
}
customElements.define("pl-place-map", PlaceMap);

function capitalRow(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
