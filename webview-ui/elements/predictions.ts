import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { Explanation } from "../../src/protocol/explanation.ts";
import { formatProbability, formatScore } from "../../src/protocol/format.ts";
import { predictionRows } from "../model/predictionRows.ts";
import { checkExpression, expressionChoices } from "../model/targetExpressions.ts";
import { icon, movedIndex } from "./controls.ts";
import { cssVars } from "./cssVars.ts";
import { StoreElement } from "./storeElement.ts";
import "./classSearch.ts";
import "./expressionEditor.ts";

/** Prediction rows are the target picker. */
export class Predictions extends StoreElement {
  static override properties: PropertyDeclarations = { searching: { state: true }, writing: { state: true } };
  searching = false;
  /** The field for an expression is open. */
  writing = false;

  #pick(index: number): void {
    this.searching = false;
    if (index !== this.store.shown?.explanation.target.index || this.store.state?.phase === "failed") {
      const position = this.store.shown?.explanation.target.position;
      const target = { kind: "index" as const, index, ...(position === undefined ? {} : { position }) };
      this.store.post({ type: "set", settings: { target } });
    }
  }

  #pickExpression(expression: string): void {
    this.writing = false;
    const { state } = this.store;
    const { target } = state?.settings ?? {};
    if (target?.kind === "expression" && target.expression === expression && state?.phase !== "failed") return;
    const position = this.store.shown?.explanation.target.position;
    const place = position === undefined ? {} : { position };
    this.store.post({ type: "set", settings: { target: { kind: "expression", expression, ...place } } });
  }

  /** The expression that is explained with its value, or the way to write one. */
  #expressionRow(explanation: Explanation): TemplateResult {
    const wanted = this.store.state?.settings.target;
    const { target, score } = explanation;
    const written = wanted?.kind === "expression" ? wanted.expression : undefined;
    const isTarget = written !== undefined;
    // As it reads, once it is known; until then as it was written.
    const isShown = isTarget && target.expression === written;
    const text = isShown ? target.label : (written ?? "Expression…");
    return html`<button
        class="prediction written"
        data-row
        role=${isTarget ? "radio" : nothing}
        aria-checked=${isTarget ? "true" : nothing}
        tabindex=${isTarget ? 0 : -1}
        aria-haspopup="dialog"
        aria-expanded=${this.writing ? "true" : "false"}
        title=${isTarget ? `${text}: click to change it` : "Explain a difference of classes, a similarity, or any other calculation over the outputs"}
        ?disabled=${this.store.readOnly}
        @click=${() => {
          this.writing = !this.writing;
        }}
      >${isTarget ? html`<span class="radio"></span>` : icon("symbol-operator")}<span class="name">${text}</span><span class="number">${
        isShown ? formatScore(score.input) : nothing
      }</span></button>`;
  }

  #expressionEditor(explanation: Explanation): TemplateResult | typeof nothing {
    if (!this.writing) return nothing;
    const wanted = this.store.state?.settings.target;
    const outputs = this.store.state?.options.outputs ?? [];
    return html`<pl-expression-editor
      .value=${wanted?.kind === "expression" ? wanted.expression : ""}
      .choices=${expressionChoices(explanation, outputs)}
      .check=${(source: string) => checkExpression(source, explanation, outputs)}
      @pl-pick=${(event: CustomEvent<string>) => {
        this.#pickExpression(event.detail);
        this.querySelector<HTMLElement>(".written")?.focus();
      }}
      @pl-close=${() => {
        this.writing = false;
        this.querySelector<HTMLElement>(".written")?.focus();
      }}></pl-expression-editor>`;
  }

  protected override render(): TemplateResult {
    const explanation = this.store.shown?.explanation ?? null;
    const isExpression = explanation !== null && explanation.target.index === null;
    const heading = html`<h2 id="h-prediction">${explanation?.predictions.length === 0 && isExpression ? "Score" : "Prediction"} ${
      this.store.readOnly ? nothing : html`<small>choose what to explain</small>`
    }</h2>`;
    if (explanation === null || (explanation.predictions.length === 0 && !isExpression)) {
      return html`<section class="predictions" aria-labelledby="h-prediction">${heading}
        <div class="skeleton row24"></div><div class="skeleton row24"></div><div class="skeleton row24"></div></section>`;
    }
    const wanted = this.store.state?.settings.target;
    const target =
      wanted?.kind === "index" ? wanted.index : wanted?.kind === "expression" ? null : explanation.target.index;
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
      if (this.searching || this.writing) return;
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
            tabindex=${row === checkedRow && wanted?.kind !== "expression" ? 0 : -1}
            ?disabled=${this.store.readOnly && prediction.index !== target}
            @click=${() => this.#pick(prediction.index)}
          ><span class="radio"></span><span class="name">${prediction.label}</span>${bar(prediction.score)}<span class="number">${text(prediction.score)}</span></button>`,
        )}
        ${wanted?.kind === "expression" ? this.#expressionRow(explanation) : nothing}
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
      ${wanted?.kind === "expression" || this.store.readOnly ? nothing : this.#expressionRow(explanation)}
      ${this.#expressionEditor(explanation)}
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
