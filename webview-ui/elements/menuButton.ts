import { html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { icon, movedIndex } from "./controls.ts";

export interface MenuItem {
  readonly label: string;
  readonly detail?: string | undefined;
  readonly act: () => void;
}

/** An icon button that opens a menu: arrows move, Enter acts, Escape or a click elsewhere closes. */
class MenuButton extends LitElement {
  static override properties: PropertyDeclarations = {
    icon: {},
    label: {},
    none: {},
    items: { attribute: false },
    open: { state: true },
  };
  icon = "ellipsis";
  label = "";
  /** Said where there is nothing to choose. */
  none = "";
  items: readonly MenuItem[] = [];
  open = false;
  readonly #onOutside = (event: Event): void => {
    if (event.target instanceof Node && !this.contains(event.target)) this.open = false;
  };

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("pointerdown", this.#onOutside);
    this.addEventListener("focusout", this.#onFocusOut);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("pointerdown", this.#onOutside);
    this.removeEventListener("focusout", this.#onFocusOut);
  }

  readonly #onFocusOut = (event: FocusEvent): void => {
    if (event.relatedTarget instanceof Node && !this.contains(event.relatedTarget)) this.open = false;
  };

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("open") && this.open) this.querySelector<HTMLElement>("[role=menuitem]")?.focus();
  }

  #close(): void {
    this.open = false;
    this.querySelector("button")?.focus();
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (!this.open) return;
    if (event.key === "Escape" || event.key === "Tab") {
      if (event.key === "Escape") event.preventDefault();
      event.stopPropagation();
      this.#close();
      return;
    }
    const entries = [...this.querySelectorAll<HTMLElement>("[role=menuitem]")];
    const next = movedIndex(event.key, entries.indexOf(document.activeElement as HTMLElement), entries.length);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    entries[next]?.focus();
  };

  protected override render(): TemplateResult {
    const empty = this.items.length === 0;
    return html`<div class="menu" @keydown=${this.#onKey}>
      <button
        class="ico"
        aria-label=${this.label}
        title=${empty && this.none !== "" ? this.none : this.label}
        aria-haspopup="menu"
        aria-expanded=${this.open ? "true" : "false"}
        aria-disabled=${empty ? "true" : nothing}
        @click=${() => {
          this.open = !this.open && !empty;
        }}
      >${icon(this.icon)}</button>
      ${
        this.open
          ? html`<div class="popup" role="menu" aria-label=${this.label}>
            ${this.items.map(
              (item) =>
                html`<button role="menuitem" tabindex="-1" @click=${() => {
                  this.#close();
                  item.act();
                }}><span>${item.label}</span>${item.detail === undefined ? nothing : html`<small>${item.detail}</small>`}</button>`,
            )}
          </div>`
          : nothing
      }
    </div>`;
  }
}
customElements.define("pl-menu-button", MenuButton);
