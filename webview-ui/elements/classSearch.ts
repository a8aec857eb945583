import { html, LitElement, type PropertyDeclarations, type TemplateResult } from "lit";
import type { Prediction } from "../../src/protocol/explanation.ts";
import { byStrength } from "../../src/protocol/strength.ts";
import { plural } from "../model/words.ts";

const MOST_ROWS = 100;

/** Search over all classes, by name or number. Emits `pl-pick` with the index of a class, or `pl-close`. */
class ClassSearch extends LitElement {
  static override properties: PropertyDeclarations = {
    predictions: { attribute: false },
    target: { attribute: false },
    format: { attribute: false },
    text: { state: true },
    active: { state: true },
  };
  predictions: readonly Prediction[] = [];
  target = -1;
  format: (score: number) => string = String;
  text = "";
  active = 0;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override firstUpdated(): void {
    this.querySelector("input")?.focus();
  }

  protected override updated(): void {
    this.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  #found(): readonly Prediction[] {
    const wanted = this.text.trim().toLowerCase();
    return this.predictions
      .filter(({ label, index }) => label.toLowerCase().includes(wanted) || String(index) === wanted)
      .sort(byStrength);
  }

  #pick(index: number): void {
    this.dispatchEvent(new CustomEvent("pl-pick", { detail: index }));
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    event.stopPropagation();
    const found = this.#found().slice(0, MOST_ROWS);
    if (event.key === "Escape") {
      this.dispatchEvent(new Event("pl-close"));
    } else if (event.key === "ArrowDown") {
      this.active = Math.min(found.length - 1, this.active + 1);
    } else if (event.key === "ArrowUp") {
      this.active = Math.max(0, this.active - 1);
    } else if (event.key === "Enter") {
      const prediction = found[this.active];
      if (prediction !== undefined) this.#pick(prediction.index);
    } else {
      return;
    }
    event.preventDefault();
  };

  protected override render(): TemplateResult {
    const all = this.#found();
    const found = all.slice(0, MOST_ROWS);
    const active = Math.min(this.active, found.length - 1);
    return html`<div class="search popup" @keydown=${this.#onKey} @focusout=${(event: FocusEvent) => {
      if (!(event.relatedTarget instanceof Node && this.contains(event.relatedTarget))) {
        this.dispatchEvent(new Event("pl-close"));
      }
    }}>
      <input
        type="text"
        role="combobox"
        placeholder="Search ${plural(this.predictions.length, "class")}"
        aria-label="Search all classes"
        aria-expanded="true"
        aria-controls="class-list"
        aria-autocomplete="list"
        aria-activedescendant=${active >= 0 ? `class-${active}` : ""}
        .value=${this.text}
        @input=${(event: Event) => {
          this.text = (event.target as HTMLInputElement).value;
          this.active = 0;
        }}
      />
      <div id="class-list" role="listbox" aria-label="Classes" tabindex="-1">
        ${found.map(
          (prediction, row) => html`<div
            role="option"
            id="class-${row}"
            class="option"
            aria-selected=${row === active ? "true" : "false"}
            @pointerdown=${(event: Event) => event.preventDefault()}
            @click=${() => this.#pick(prediction.index)}
          ><span class="name">${prediction.label}</span><span class="number">${this.format(prediction.score)}</span></div>`,
        )}
      </div>
      <p class="dim small">${
        found.length === 0
          ? "No class has this name."
          : found.length < all.length
            ? `${MOST_ROWS} of ${all.length}: type more to narrow it down.`
            : plural(all.length, "class")
      }</p>
    </div>`;
  }
}
customElements.define("pl-class-search", ClassSearch);
