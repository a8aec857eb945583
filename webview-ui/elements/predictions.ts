import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { formatProbability, formatScore } from "../../src/protocol/format.ts";
import { predictionRows } from "../model/predictionRows.ts";
import { icon, movedIndex } from "./controls.ts";
import { cssVars } from "./cssVars.ts";
import { StoreElement } from "./storeElement.ts";
import "./classSearch.ts";

/** Prediction rows are the target picker. */
export class Predictions extends StoreElement {
  static override properties: PropertyDeclarations = { searching: { state: true } };
  searching = false;

  #pick(index: number): void {
    this.searching = false;
    if (index !== this.store.shown?.explanation.target.index || this.store.state?.phase === "failed") {
      const position = this.store.shown?.explanation.target.position;
      const target = { kind: "index" as const, index, ...(position === undefined ? {} : { position }) };
      this.store.post({ type: "set", settings: { target } });
    }
  }

  protected override render(): TemplateResult {
    const explanation = this.store.shown?.explanation ?? null;
    const heading = html`<h2 id="h-prediction">Prediction ${
      this.store.readOnly ? nothing : html`<small>choose what to explain</small>`
    }</h2>`;
    if (explanation === null || explanation.predictions.length === 0) {
      return html`<section class="predictions" aria-labelledby="h-prediction">${heading}
        <div class="skeleton row24"></div><div class="skeleton row24"></div><div class="skeleton row24"></div></section>`;
    }
    const wanted = this.store.state?.settings.target;
    const target = wanted?.kind === "index" ? wanted.index : explanation.target.index;
    const table = predictionRows(explanation.predictions, target);
    const largest = Math.max(...explanation.predictions.map(({ score }) => Math.abs(score)), 1e-12);
    const bar = (score: number): TemplateResult =>
      html`<span class="bar"><i ${cssVars({ width: `${Math.max(0, table.probabilities ? score : score / largest) * 100}%` })}></i></span>`;
    const text = (score: number): string => (table.probabilities ? formatProbability(score) : formatScore(score));
    const checkedRow = Math.max(
      0,
      table.rows.findIndex(({ index }) => index === target),
    );
    const onKey = (event: KeyboardEvent): void => {
      if (this.searching) return;
      const rows = [...this.querySelectorAll<HTMLElement>("[data-row]")];
      const next = movedIndex(event.key, rows.indexOf(event.target as HTMLElement), rows.length);
      if (next === null) return;
      event.preventDefault();
      event.stopPropagation();
      rows[next]?.focus();
      const prediction = table.rows[next];
      if (prediction !== undefined) this.#pick(prediction.index);
    };
    const restScore = table.exclusive
      ? table.others.reduce((sum, { score }) => sum + score, 0)
      : Math.max(...table.others.map(({ score }) => score));
    return html`<section class="predictions" aria-labelledby="h-prediction" @keydown=${onKey}>${heading}
      <div role="radiogroup" aria-label="Target class" class="rows">
        ${table.rows.map(
          (prediction, row) => html`<button
            role="radio"
            data-row
            class="prediction"
            title=${prediction.label}
            aria-checked=${prediction.index === target ? "true" : "false"}
            aria-label="${prediction.label}, ${text(prediction.score)}"
            tabindex=${row === checkedRow ? 0 : -1}
            ?disabled=${this.store.readOnly && prediction.index !== target}
            @click=${() => this.#pick(prediction.index)}
          ><span class="radio"></span><span class="name">${prediction.label}</span>${bar(prediction.score)}<span class="number">${text(prediction.score)}</span></button>`,
        )}
      </div>
      ${
        table.others.length === 0
          ? nothing
          : html`<button
              class="prediction others"
              data-row
              tabindex="-1"
              aria-haspopup="listbox"
              aria-expanded=${this.searching ? "true" : "false"}
              title=${table.exclusive ? "All other classes together" : "The largest of the other classes"}
              ?disabled=${this.store.readOnly}
              @click=${() => {
                this.searching = !this.searching;
              }}
            >${icon("search")}<span class="name">${table.others.length} other class${table.others.length === 1 ? "" : "es"}</span>${bar(restScore)}<span class="number">${table.exclusive ? "" : "≤\u202f"}${text(restScore)}</span></button>`
      }
      ${
        this.searching
          ? html`<pl-class-search .predictions=${explanation.predictions} .target=${target} .format=${text}
              @pl-pick=${(event: CustomEvent<number>) => this.#pick(event.detail)}
              @pl-close=${() => {
                this.searching = false;
                this.querySelector<HTMLElement>(".others")?.focus();
              }}></pl-class-search>`
          : nothing
      }
    </section>`;
  }
}
customElements.define("pl-predictions", Predictions);
