import { html, LitElement, type PropertyDeclarations, type TemplateResult } from "lit";
import type { ReadoutField } from "./readout.ts";

const PAUSE = 300;

/** The reading for a screen reader: spoken once the reader has rested, not while it is on the move. */
class SpokenReading extends LitElement {
  static override properties: PropertyDeclarations = { text: {}, spoken: { state: true } };
  text = "";
  spoken = "";
  #timer: ReturnType<typeof setTimeout> | null = null;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has("text")) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.spoken = this.text;
    }, PAUSE);
  }

  protected override render(): TemplateResult {
    return html`<span class="hidden" aria-live="polite">${this.spoken}</span>`;
  }
}
customElements.define("pl-spoken", SpokenReading);

export function spokenReading(fields: readonly ReadoutField[]): TemplateResult {
  const text = fields
    .map(({ term, value, note }) => `${term} ${value}${note === undefined ? "" : ` ${note}`}`)
    .join(", ");
  return html`<pl-spoken .text=${text}></pl-spoken>`;
}
