import { html, nothing, type TemplateResult } from "lit";
import { formatProbability } from "../../src/protocol/format.ts";
import { movedIndex } from "../elements/controls.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { axisText } from "./matrixCells.ts";

/** What a model wrote, token by token: the target picker of such a model. */
class WrittenTokens extends StoreElement {
  #pick(index: number): void {
    if (index === this.store.shown?.explanation.target.index && this.store.state?.phase !== "failed") return;
    this.store.post({ type: "set", settings: { target: { kind: "index", index } } });
  }

  protected override render(): TemplateResult {
    const explanation = this.store.shown?.explanation;
    const produced = explanation?.produced;
    if (explanation === undefined || produced === undefined) return html``;
    const wanted = this.store.state?.settings.target;
    const target = wanted?.kind === "index" ? wanted.index : (explanation.target.index ?? 0);
    const onKey = (event: KeyboardEvent): void => {
      const next = movedIndex(event.key, target, produced.tokens.length);
      if (next === null || this.store.readOnly) return;
      event.preventDefault();
      event.stopPropagation();
      this.#pick(next);
      this.querySelectorAll<HTMLElement>("[role=radio]")[next]?.focus();
    };
    return html`<section class="predictions" aria-labelledby="h-prediction">
      <h2 id="h-prediction">Written ${this.store.readOnly ? nothing : html`<small>choose the token to explain</small>`}</h2>
      <p class="written-text">${produced.text === "" ? html`<span class="dim">nothing</span>` : produced.text}</p>
      <div role="radiogroup" aria-label="Written tokens" class="written-tokens" @keydown=${onKey}>
        ${produced.tokens.map((token, index) => {
          const score = explanation.predictions[index]?.score ?? Number.NaN;
          const spoken = `${axisText(token.text)}, token ${index + 1} of ${produced.tokens.length}, ${formatProbability(score)}`;
          return html`<button role="radio" class="written-token ${token.special}" aria-checked=${index === target ? "true" : "false"}
            tabindex=${index === target ? 0 : -1} aria-label=${spoken} title=${spoken} ?disabled=${this.store.readOnly && index !== target}
            @click=${() => this.#pick(index)}>${axisText(token.text)}</button>`;
        })}
      </div>
      ${produced.ended ? nothing : html`<p class="dim small">Not at its end: this is all that it may write here.</p>`}
    </section>`;
  }
}
customElements.define("pl-written", WrittenTokens);
