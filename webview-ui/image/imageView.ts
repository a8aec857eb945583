import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { Explanation, ImageAttribution } from "../../src/protocol/explanation.ts";
import { formatSigned } from "../../src/protocol/format.ts";
import { gradientCaption } from "../../src/protocol/verdict.ts";
import { icon } from "../elements/controls.ts";
import { cssVars } from "../elements/cssVars.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { isBeforeFirstMap, methodNames } from "../model/words.ts";
import { frameOf } from "./frame.ts";
import { cellAt, cellPlace, type ImageMap, imageMap } from "./imageMap.ts";
import { imageRows, imageTable } from "./imageTable.ts";
import { mapTools, nextGrain, nextSign } from "./mapTools.ts";
import "./mapCanvas.ts";
import "./mapLegend.ts";
import "./mapReadout.ts";

/** Two pictures of one sample, Integrated Gradients and the plain gradient, read together; or the same as a table. */
export class ImageView extends StoreElement {
  static override properties: PropertyDeclarations = { attribution: { attribute: false } };
  declare attribution: ImageAttribution;
  #map: ImageMap | null = null;
  #asked = "";

  /** Grain that is read: the reader's choice, else that of the explanation. */
  get grain(): number {
    const most = Math.max(this.attribution.width, this.attribution.height);
    return Math.min(this.store.view.grain ?? this.attribution.grain, most);
  }

  /** The map at that grain; pooled once. */
  get map(): ImageMap {
    if (this.#map?.attribution !== this.attribution || this.#map.grid.grain !== this.grain) {
      this.#map = imageMap(this.attribution, this.grain);
    }
    return this.#map;
  }

  /** Cell that is read; the strongest until the reader moves. */
  get selected(): number {
    const { selected } = this.store.view;
    return selected === null ? (this.map.ranking.order[0] ?? 0) : cellAt(this.map, selected);
  }

  select(index: number): void {
    const { x, y } = cellPlace(this.map, index);
    this.store.setView({ selected: { x, y } });
  }

  /** Moves along the ranking: +1 to the next strongest, −1 back, 0 to the strongest. */
  step(by: -1 | 0 | 1): void {
    const { order, rankOf } = this.map.ranking;
    const rank = (rankOf[this.selected] ?? 1) - 1;
    const next = by === 0 ? 0 : (rank + by + order.length) % order.length;
    this.select(order[next] ?? 0);
  }

  move(columns: number, rows: number): void {
    const { grid } = this.map;
    const place = cellPlace(this.map, this.selected);
    const column = Math.max(0, Math.min(grid.columns - 1, place.column + columns));
    const row = Math.max(0, Math.min(grid.rows - 1, place.row + rows));
    this.select(row * grid.columns + column);
  }

  cycleSign(): void {
    this.store.setView({ sign: nextSign(this.store.view.sign) });
  }

  cycleGrain(): void {
    this.setGrain(nextGrain(this.attribution, this.grain));
  }

  setGrain(grain: number): void {
    this.store.setView({ grain });
  }

  /** Errors belong to a grain: the host is asked once for those of another. */
  protected override updated(): void {
    const explanation = this.store.shown?.explanation;
    if (explanation === undefined || explanation.status === "running" || this.store.readOnly) return;
    const wanted = `${explanation.runId}/${explanation.evaluations}/${this.grain}`;
    if (this.attribution.grain === this.grain || this.store.dimmed || this.#asked === wanted) return;
    this.#asked = wanted;
    this.store.post({ type: "regrain", grain: this.grain });
  }

  protected override render(): TemplateResult {
    const { shown, view } = this.store;
    const explanation = shown?.explanation;
    if (explanation === undefined) return html``;
    const { map } = this;
    return html`${mapTools(this.store, this.attribution, this.grain, (grain) => this.setGrain(grain))}
      ${view.table ? imageTable(this.store, this.rows(explanation), this, map) : this.#pictures(explanation, map)}
      <div class="reading" ?hidden=${isBeforeFirstMap(explanation)}>
        <pl-map-readout .store=${this.store} .explanation=${explanation} .map=${map} .index=${this.selected}></pl-map-readout>
        ${view.table ? nothing : html`<pl-map-legend .store=${this.store} .map=${map} .target=${explanation.target.label}></pl-map-legend>`}
      </div>`;
  }

  #rows: { map: ImageMap; sign: string; rows: ReturnType<typeof imageRows> } | null = null;

  /** Rows of the table; made once for each map and sign, there may be tens of thousands. */
  rows(explanation: Explanation): ReturnType<typeof imageRows> {
    const { sign } = this.store.view;
    if (this.#rows?.map !== this.map || this.#rows.sign !== sign) {
      this.#rows = { map: this.map, sign, rows: imageRows(explanation, this.map, sign) };
    }
    return this.#rows.rows;
  }

  /** Both pictures have one scale, so a saturated gradient may leave nothing to see. */
  #tooFaint(map: ImageMap): boolean {
    const strongest = map.gradient?.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) ?? 0;
    return map.limit > 0 && strongest < Math.max(0.01, this.store.view.threshold) * map.limit;
  }

  #pictures(explanation: Explanation, map: ImageMap): TemplateResult {
    const { view } = this.store;
    const running = explanation.status === "running";
    const empty = isBeforeFirstMap(explanation);
    const sums = `adds up to ${formatSigned(explanation.sum)} of ${formatSigned(explanation.deltaF)}`;
    const inputs = explanation.attributions.length > 1;
    const gradientSum = explanation.gradientSum;
    const frame = frameOf(map.attribution);
    return html`<div class="maps ${view.plainGradient ? "swapped" : ""}">
      <figure class="first"><figcaption><b>${methodNames[explanation.method]}</b><span class="dim">${
        empty
          ? "the first map is on its way"
          : `${sums}${inputs ? " over all inputs" : ""}${running ? ", still coarse" : ""}`
      }</span></figcaption>
        <pl-map-canvas .store=${this.store} .view=${this} .map=${map} .which=${"values"}
          label="Attribution for ${explanation.target.label}. Arrow keys move the reading, N goes to the next strongest, T shows the table"></pl-map-canvas>
      </figure>
      ${
        explanation.method === "integrated-gradients"
          ? html`<figure class="second"><figcaption><b>Plain gradient</b><span class="dim">${
              map.gradient === null
                ? running
                  ? "arrives with the next batch"
                  : "not computed"
                : gradientSum === null
                  ? ""
                  : `${gradientCaption(gradientSum, explanation.deltaF, explanation.target.link)}${this.#tooFaint(map) ? "; too faint for this scale" : ""}`
            }</span></figcaption>
            ${
              map.gradient === null
                ? html`<div class="skeleton picture" ${cssVars({ "aspect-ratio": `${frame.width} / ${frame.height}` })}></div>`
                : html`<pl-map-canvas .store=${this.store} .view=${this} .map=${map} .which=${"gradient"}
                    label="Gradient times input difference at the sample only, on the same scale"></pl-map-canvas>`
            }
          </figure>`
          : nothing
      }
    </div>
    ${
      explanation.method === "integrated-gradients"
        ? html`<button class="secondary narrow-only swap" @click=${() => this.store.setView({ plainGradient: !view.plainGradient })}>${icon("split-horizontal")}${
            view.plainGradient ? "Show Integrated Gradients" : "Show plain gradient"
          }</button>`
        : nothing
    }`;
  }
}
customElements.define("pl-image-view", ImageView);
