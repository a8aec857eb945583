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
    // Texts are read side by side, on one scale.
    const texts = inputs.filter((input) => input.kind === "text");
    const index = Math.min(view.input, inputs.length - 1);
    const attribution = inputs[index];
    const choices = inputs.flatMap((input, i) =>
      input.kind !== "text"
        ? [{ value: String(i), label: input.input }]
        : input === texts[0]
          ? [{ value: String(i), label: texts.length > 1 ? "Texts" : input.input }]
          : [],
    );
    const chosen = attribution?.kind === "text" ? inputs.indexOf(texts[0] ?? attribution) : index;
    if (attribution === undefined) return html`<p class="dim">The model has no input that can be attributed to.</p>`;
    const old = this.store.dimmed || (state?.stale !== null && state?.stale !== undefined);
    return html`<div class="attribution ${old ? "dimmed" : ""}">
      ${explanation.positions === undefined ? nothing : html`<pl-labelled .store=${this.store}></pl-labelled>`}
      ${
        choices.length > 1
          ? html`<div class="tools">${segmented("Input", choices, String(chosen), (value) =>
              this.store.setView({ input: Number(value), selected: null, selectedIndex: null }),
            )}</div>`
          : nothing
      }
      ${
        attribution.kind === "image"
          ? html`<pl-image-view .store=${this.store} .attribution=${attribution}></pl-image-view>`
          : attribution.kind === "text"
            ? html`<pl-text-view .store=${this.store} .texts=${texts}></pl-text-view>`
            : html`<pl-tensor-view .store=${this.store} .attribution=${attribution}></pl-tensor-view>`
      }
      <pl-path-chart class="path narrow-only" .store=${this.store}></pl-path-chart>
    </div>`;
  }
}
customElements.define("pl-attribution", AttributionTab);
