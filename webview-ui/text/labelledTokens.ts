import { html, nothing, type TemplateResult } from "lit";
import { formatProbability } from "../../src/protocol/format.ts";
import { movedIndex } from "../elements/controls.ts";
import { StoreElement } from "../elements/storeElement.ts";

/** What a model that labels each token says of them, each label under its token; a token is chosen to explain its label. */
class LabelledTokens extends StoreElement {
  #pick(position: number): void {
    if (position === this.store.shown?.explanation.target.position && this.store.state?.phase !== "failed") return;
    this.store.post({ type: "set", settings: { target: { kind: "predicted", position } } });
  }

  protected override render(): TemplateResult {
    const explanation = this.store.shown?.explanation;
    const positions = explanation?.positions;
    const text = explanation?.attributions.find((attribution) => attribution.kind === "text");
    if (explanation === undefined || positions === undefined || text?.kind !== "text") return html``;
    const { target } = explanation;
    const chosen = Math.max(
      0,
      positions.findIndex(({ position }) => position === target.position),
    );
    const onKey = (event: KeyboardEvent): void => {
      const next = movedIndex(event.key, chosen, positions.length);
      const wanted = next === null ? undefined : positions[next];
      if (next === null || wanted === undefined || this.store.readOnly) return;
      event.preventDefault();
      event.stopPropagation();
      this.#pick(wanted.position);
      this.querySelectorAll<HTMLElement>("[role=radio]")[next]?.focus();
    };
    return html`<section class="labelled" aria-labelledby="h-labels">
      <h2 id="h-labels">Labels ${this.store.readOnly ? nothing : html`<small>choose the token whose label to explain</small>`}</h2>
      <div role="radiogroup" aria-label="Tokens with their labels" class="labelled-tokens" @keydown=${onKey}>
        ${positions.map(({ position, label, score }, index) => {
          const token = text.tokens[position];
          const name = token?.text ?? "";
          const spoken = `${name}: ${label}, ${formatProbability(score)}`;
          return html`<button role="radio" class="labelled-token ${token?.special ?? "none"} ${label === "O" ? "outside" : ""}"
            aria-checked=${index === chosen ? "true" : "false"} tabindex=${index === chosen ? 0 : -1} aria-label=${spoken} title=${spoken}
            ?disabled=${this.store.readOnly && index !== chosen} @click=${() => this.#pick(position)}><span>${name}</span><small>${label}</small></button>`;
        })}
      </div></section>`;
  }
}
customElements.define("pl-labelled", LabelledTokens);
