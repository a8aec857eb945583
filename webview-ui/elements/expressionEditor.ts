import { html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { ExpressionCheck, ExpressionChoice } from "../model/targetExpressions.ts";
import { icon } from "./controls.ts";

/** A field for a target expression, which is checked as it is typed. Emits `pl-pick` with the expression, or `pl-close`. */
class ExpressionEditor extends LitElement {
  static override properties: PropertyDeclarations = {
    value: { attribute: false },
    choices: { attribute: false },
    check: { attribute: false },
    active: { state: true },
  };
  value = "";
  choices: readonly ExpressionChoice[] = [];
  check: (source: string) => ExpressionCheck = () => ({ kind: "empty" });
  /** Among the choices; -1: what is in the field was typed. */
  active = -1;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override firstUpdated(): void {
    const field = this.querySelector("input");
    field?.focus();
    field?.select();
  }

  #pick(expression: string): void {
    if (this.check(expression).kind !== "ok") return;
    this.dispatchEvent(new CustomEvent("pl-pick", { detail: expression.trim() }));
  }

  #choose(index: number): void {
    this.active = index;
    this.value = this.choices[index]?.expression ?? this.value;
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    event.stopPropagation();
    const { length } = this.choices;
    if (event.key === "Escape") this.dispatchEvent(new Event("pl-close"));
    else if (event.key === "ArrowDown" && length > 0) this.#choose(Math.min(length - 1, this.active + 1));
    else if (event.key === "ArrowUp" && length > 0) this.#choose(Math.max(0, this.active - 1));
    else if (event.key === "Enter") this.#pick(this.value);
    else return;
    event.preventDefault();
  };

  protected override render(): TemplateResult {
    const found = this.check(this.value);
    return html`<div class="search popup expression" role="dialog" aria-label="Target expression" @keydown=${this.#onKey} @focusout=${(
      event: FocusEvent,
    ) => {
      if (!(event.relatedTarget instanceof Node && this.contains(event.relatedTarget))) {
        this.dispatchEvent(new Event("pl-close"));
      }
    }}>
      <input
        type="text"
        role="combobox"
        spellcheck="false"
        autocomplete="off"
        maxlength="2000"
        placeholder="predicted - runner_up"
        aria-label="Target expression"
        aria-expanded=${this.choices.length > 0 ? "true" : "false"}
        aria-controls="expression-choices"
        aria-autocomplete="list"
        aria-activedescendant=${this.active >= 0 ? `expression-${this.active}` : ""}
        aria-describedby="expression-says"
        aria-invalid=${found.kind === "wrong" ? "true" : "false"}
        .value=${this.value}
        @input=${(event: Event) => {
          this.value = (event.target as HTMLInputElement).value;
          this.active = -1;
        }}
      />
      <div id="expression-says" class="says" role="status">${says(found, this.value)}</div>
      ${
        this.choices.length === 0
          ? nothing
          : html`<div id="expression-choices" role="listbox" aria-label="Ready-made expressions" tabindex="-1">
        ${this.choices.map(
          ({ label, expression }, index) => html`<div
            role="option"
            id="expression-${index}"
            class="option"
            aria-selected=${index === this.active ? "true" : "false"}
            @pointerdown=${(event: Event) => event.preventDefault()}
            @click=${() => this.#pick(expression)}
          ><span class="name">${label}</span><code class="dim">${expression}</code></div>`,
        )}
      </div>`
      }
      <p class="dim small">Enter explains it. Labels go in brackets and quotes, logit["name"]; numbers, + − * /, cosine, dot, norm, softmax, log and more.</p>
    </div>`;
  }
}
customElements.define("pl-expression-editor", ExpressionEditor);

function says(found: ExpressionCheck, source: string): TemplateResult {
  switch (found.kind) {
    case "empty":
      return html`<span class="dim">What is to be explained, calculated from the model's outputs.</span>`;
    case "ok":
      return html`<span class="line">${icon("check")}<span>Explains <code>${found.text}</code></span></span>`;
    case "wrong": {
      const { start, end, message, hint } = found;
      const atEnd = start >= source.trimEnd().length;
      return html`<span class="line">${icon("error")}<span>${message}${hint === "" ? nothing : html` <span class="dim">${hint}</span>`}</span></span>
      ${atEnd ? nothing : html`<code class="where" aria-hidden="true">${source.slice(0, start)}<mark>${source.slice(start, end)}</mark>${source.slice(end)}</code>`}`;
    }
  }
}
