import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { formatPercent, formatSigned } from "../../src/protocol/format.ts";
import type { Conservation, LayerSum } from "../../src/protocol/neurons.ts";
import { icon, movedIndex } from "../elements/controls.ts";
import { cssVars } from "../elements/cssVars.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { layerSentence, shapeText } from "./layerWords.ts";
import { isBusy } from "./workNote.ts";

/** What a column may reach above the line of ΔF before it is cut off, with a mark that it goes on. */
const HIGHEST = 1.3;
/** From here on columns are too narrow for a mark of their own. */
const MANY = 60;

/** Every layer's sum against the change of the score, from input to output: one list, arrows move, Enter chooses. */
class ConservationStrip extends StoreElement {
  static override properties: PropertyDeclarations = {
    conservation: { attribute: false },
    read: { state: true },
  };
  declare conservation: Conservation;
  /** Layer that is read: under the pointer, or by key. */
  read: number | null = null;

  get #chosen(): number {
    const { layer } = this.store.view.layers;
    return layer === null ? -1 : this.conservation.layers.findIndex(({ node }) => node === layer[0]);
  }

  protected override render(): TemplateResult {
    const { layers, deltaF } = this.conservation;
    const stop = this.read ?? Math.max(0, this.#chosen);
    const reading = layers[this.read ?? this.#chosen];
    const passes = layers.some(({ state }) => state === "not-a-cut");
    return html`<div class="strip-scroll"><div class="strip ${layers.length > MANY ? "dense" : ""}" role="listbox" aria-label="Layers, from input to output" aria-orientation="horizontal"
        @keydown=${this.#onKey} @pointerleave=${() => {
          this.read = null;
        }}>
        ${
          deltaF === 0
            ? nothing
            : html`<div class="reference" role="presentation" ${cssVars({ "--line-at": String(1 - 1 / HIGHEST) })}><span>${formatSigned(deltaF)}</span></div>`
        }
        ${layers.map((layer, at) => this.#column(layer, at, at === stop))}
      </div></div>
      <div class="strip-key small dim"><span>input</span>
        ${layers.some((layer) => this.#isOff(layer)) ? html`<span><span class="off-key"></span>off by more than ${formatPercent(this.store.state?.warnAbove ?? 0.05)}</span>` : nothing}
        ${passes ? html`<span><span class="hatch-key warn"></span>not a cut: a connection passes it</span>` : nothing}
        <span>lower row: share held by the strongest 5\u202f% of neurons</span><span>output</span></div>
      <p class="strip-reading" aria-hidden="true">${reading === undefined ? html`<span class="dim">${this.store.view.layers.layer === null ? "Choose a layer to see its neurons." : ""}</span>` : layerSentence(reading, this.conservation)}</p>`;
  }

  #column(layer: LayerSum, at: number, isStop: boolean): TemplateResult {
    const { deltaF, layers } = this.conservation;
    const largest = deltaF === 0 ? Math.max(...layers.map(({ sum }) => Math.abs(sum ?? 0)), 1e-12) : deltaF;
    const height = layer.sum === null ? 0 : layer.sum / largest;
    const chosen = at === this.#chosen;
    const off = this.#isOff(layer);
    return html`<button role="option" class="layer ${layer.state} ${off ? "off" : ""} ${height < 0 ? "negative" : ""} ${height > HIGHEST ? "above" : ""}"
      aria-selected=${chosen ? "true" : "false"} aria-disabled=${layer.state === "refused" ? "true" : nothing} tabindex=${isStop ? 0 : -1} data-node=${layer.node}
      aria-label=${layerSentence(layer, this.conservation)} title=${layerSentence(layer, this.conservation)}
      @pointerenter=${() => {
        this.read = at;
      }} @focus=${() => {
        this.read = at;
      }} @click=${() => this.#choose(at)}>
      <span class="column"><i class="sum" ${cssVars({ height: `${Math.min(1, Math.max(0.03, Math.abs(height) / HIGHEST)) * 100}%` })}></i>${off ? icon("warning") : nothing}</span>
      <span class="held"><i ${cssVars({ height: `${(layer.concentration ?? 0) * 100}%` })}></i></span></button>`;
  }

  /** A first look at few points says nothing of the layer yet. */
  #isOff({ state, residual }: LayerSum): boolean {
    const isSettled = !isBusy(this.store, "conservation");
    return isSettled && state === "cut" && (residual ?? 0) > (this.store.state?.warnAbove ?? 0.05);
  }

  #choose(at: number): void {
    const layer = this.conservation.layers[at];
    if (layer === undefined || layer.state === "refused") return;
    this.dispatchEvent(new CustomEvent("pl-layer", { detail: [layer.node] }));
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const { layers } = this.conservation;
    const at = this.read ?? Math.max(0, this.#chosen);
    if (event.key === "Enter" || event.key === " ") this.#choose(at);
    else {
      const next = movedIndex(event.key, at, layers.length);
      if (next === null) return;
      this.read = next;
      void this.updateComplete.then(() => this.querySelector<HTMLElement>(".layer[tabindex='0']")?.focus());
    }
    event.preventDefault();
    event.stopPropagation();
  };
}
customElements.define("pl-conservation", ConservationStrip);

/** The same as numbers. */
export function conservationTable(
  { layers }: Conservation,
  chosen: string | undefined,
  choose: (layer: readonly string[]) => void,
): TemplateResult {
  const onKey = (event: KeyboardEvent): void => {
    const row = (event.target as HTMLElement).closest("tr");
    const by = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling }[event.key];
    if (event.key === "Enter" && row !== null) row.click();
    else if (by instanceof HTMLElement) by.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const stop = layers.some(({ node }) => node === chosen) ? chosen : layers[0]?.node;
  return html`<div class="table-scroll"><table class="layers-table" @keydown=${onKey}>
    <caption class="hidden">Layers from input to output, what they carry of the change, and how far that is off</caption>
    <thead><tr><th scope="col">Layer</th><th scope="col" class="wide-cell">Operation</th><th scope="col" class="wide-cell">Shape</th>
      <th scope="col" class="right">Sum</th><th scope="col" class="right">Off by</th><th scope="col" class="right">Strongest 5\u202f%</th></tr></thead>
    <tbody>${layers.map(
      (
        layer,
      ) => html`<tr tabindex=${layer.node === stop ? 0 : -1} aria-selected=${layer.node === chosen ? "true" : "false"} class=${layer.state}
        @click=${() => (layer.state === "refused" ? undefined : choose([layer.node]))}>
        <td>${layer.node}</td><td class="wide-cell dim">${layer.op}</td><td class="wide-cell dim">${shapeText(layer.shape)}</td>
        <td class="right">${layer.sum === null ? "–" : formatSigned(layer.sum)}</td>
        <td class="right">${layer.state === "refused" ? (layer.reason ?? "refused") : layer.state === "not-a-cut" ? "not a cut" : layer.residual === null ? "–" : formatPercent(layer.residual)}</td>
        <td class="right">${layer.concentration === null ? "–" : formatPercent(layer.concentration)}</td></tr>`,
    )}</tbody></table></div>`;
}
