import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { formatSigned } from "../../src/protocol/format.ts";
import { icon } from "../elements/controls.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { MOST_PATCHES } from "../model/layersView.ts";
import { markedInput } from "./layerAsks.ts";
import { DIFFERENCE, WHOLE } from "./neuronRanking.ts";
import { nextName } from "./patchGeometry.ts";
import type { PatchPicture } from "./patchPicture.ts";
import "./itemPatches.ts";
import "./patchPicture.ts";

interface PatchesEvent {
  readonly patches: LayersPatches;
  readonly name: string | null;
}
type LayersPatches = PatchStep["store"]["view"]["layers"]["patches"];

/** Step 1: which parts of the sample the neurons are asked about. */
class PatchStep extends StoreElement {
  static override properties: PropertyDeclarations = { lasso: { state: true } };
  lasso = false;

  protected override render(): TemplateResult {
    const attribution = markedInput(this.store);
    if (attribution === null) return html``;
    const { patches } = this.store.view.layers;
    const isPicture = attribution.kind === "image";
    const noun = attribution.kind === "text" ? "words" : "features";
    const hint = isPicture ? html`drag, or <kbd>R</kbd> then arrows` : html`choose ${noun}, or <kbd>Space</kbd>`;
    return html`<h2>1 · Patch <small>${hint}</small></h2>
      ${
        isPicture
          ? html`<pl-patch-picture .store=${this.store} .attribution=${attribution} ?lasso=${this.lasso} @pl-patches=${this.#onPatches}></pl-patch-picture>`
          : html`<pl-item-patches .store=${this.store} .attribution=${attribution} @pl-patches=${this.#onPatches}></pl-item-patches>`
      }
      <p class="small dim carries">${this.#carries()}</p>
      <div class="buttons">
        <button class="secondary" ?disabled=${patches.length >= MOST_PATCHES} title=${patches.length >= MOST_PATCHES ? `No more than ${MOST_PATCHES} patches` : "A new patch (R)"} @click=${this.#start}>${icon("add")}Patch</button>
        ${
          isPicture
            ? html`<button class="secondary" aria-pressed=${this.lasso ? "true" : "false"} @click=${() => {
                this.lasso = !this.lasso;
              }}>Lasso</button>`
            : nothing
        }
        ${isPicture || patches.length === 0 ? nothing : this.#chooser(noun)}
        <button class="secondary" ?disabled=${patches.length === 0} @click=${() => this.#change([], null)}>Clear</button>
      </div>`;
  }

  /** Which patch the words or features go into. */
  #chooser(noun: string): TemplateResult {
    const { patches, patch } = this.store.view.layers;
    const names = patches.map(({ name }) => name);
    const all = patch === null || names.includes(patch) ? names : [...names, patch];
    const chosen = patch ?? names[0];
    return html`<span class="segmented" role="radiogroup" aria-label="Patch that ${noun} go into">${all.map(
      (
        name,
      ) => html`<button role="radio" aria-checked=${name === chosen ? "true" : "false"} tabindex=${name === chosen ? 0 : -1}
        @click=${() => this.store.setLayers({ patch: name })} @keydown=${(event: KeyboardEvent) => this.#onChooserKey(event, all, name)}>${name}</button>`,
    )}</span>`;
  }

  #onChooserKey(event: KeyboardEvent, all: readonly string[], name: string): void {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = all[(all.indexOf(name) + by + all.length) % all.length];
    if (next !== undefined) this.store.setLayers({ patch: next });
    void this.updateComplete.then(() => this.querySelector<HTMLElement>("[role=radiogroup] [tabindex='0']")?.focus());
  }

  #carries(): string {
    const found = this.store.layers.neurons;
    const names = new Set(this.store.view.layers.patches.map(({ name }) => name));
    const known = found?.patches.filter(({ name }) => names.has(name)) ?? [];
    if (found === null || known.length === 0) return "Without a patch the whole sample counts.";
    const sums = known.map(({ name, sum }, at) => `${name}${at === 0 ? " carries" : ""} ${formatSigned(sum)}`);
    return `${sums.join(", ")} of ${formatSigned(found.deltaF)}`;
  }

  readonly #start = (): void => {
    const { store } = this;
    const picture = this.querySelector<PatchPicture>("pl-patch-picture");
    if (picture !== null) picture.startPatch();
    else {
      store.setLayers({ patch: nextName(store.view.layers.patches) });
      void this.updateComplete.then(() => this.querySelector<HTMLElement>(".item[tabindex='0']")?.focus());
    }
  };

  readonly #onPatches = (event: CustomEvent<PatchesEvent>): void => {
    this.#change(event.detail.patches, event.detail.name);
  };

  /** A first patch is what neurons are ranked by from then on. */
  #change(patches: LayersPatches, name: string | null): void {
    const { view } = this.store;
    const { rank } = view.layers;
    const isKnown =
      rank === WHOLE || (rank === DIFFERENCE && patches.length > 1) || patches.some((patch) => patch.name === rank);
    const isFirst = view.layers.patches.length === 0 && patches.length > 0;
    const next = isFirst ? (patches[0]?.name ?? WHOLE) : isKnown ? rank : (patches[0]?.name ?? WHOLE);
    this.store.setLayers({ patches, patch: name, rank: next });
  }
}
customElements.define("pl-patch-step", PatchStep);
