import { html, nothing, type TemplateResult } from "lit";
import { segmented } from "./controls.ts";
import { StoreElement } from "./storeElement.ts";
import "../image/imageView.ts";
import "../text/labelledTokens.ts";
import "../text/textView.ts";
import "../tensor/tensorView.ts";

/** The map of the chosen input, as picture, text or bars. */
class AttributionTab extends StoreElement {
  protected override render(): TemplateResult {
    const { shown, view, state } = this.store;
    const explanation = shown?.explanation ?? null;
    if (explanation === null) {
      return html`<div class="tools"></div><div class="maps loading"><div class="skeleton picture first"></div><div class="skeleton picture second"></div></div>`;
    }
    const inputs = explanation.attributions;
    const index = Math.min(view.input, inputs.length - 1);
    const attribution = inputs[index];
    if (attribution === undefined) return html`<p class="dim">The model has no input that can be attributed to.</p>`;
    const old = this.store.dimmed || (state?.stale !== null && state?.stale !== undefined);
    return html`<div class="attribution ${old ? "dimmed" : ""}">
      ${explanation.positions === undefined ? nothing : html`<pl-labelled .store=${this.store}></pl-labelled>`}
      ${
        inputs.length > 1
          ? html`<div class="tools">${segmented(
              "Input",
              inputs.map(({ input }, i) => ({ value: String(i), label: input })),
              String(index),
              (value) => this.store.setView({ input: Number(value), selected: null, selectedIndex: null }),
            )}</div>`
          : nothing
      }
      ${
        attribution.kind === "image"
          ? html`<pl-image-view .store=${this.store} .attribution=${attribution}></pl-image-view>`
          : attribution.kind === "text"
            ? html`<pl-text-view .store=${this.store} .attribution=${attribution}></pl-text-view>`
            : html`<pl-tensor-view .store=${this.store} .attribution=${attribution}></pl-tensor-view>`
      }
      <pl-path-chart class="path narrow-only" .store=${this.store}></pl-path-chart>
    </div>`;
  }
}
customElements.define("pl-attribution", AttributionTab);
