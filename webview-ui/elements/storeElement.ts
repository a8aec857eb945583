import { LitElement, type PropertyDeclarations } from "lit";
import type { PanelStore } from "../model/panelStore.ts";

/**
 * An element that draws itself from the store. It renders into the light DOM: one style sheet (the CSP allows no other)
 * and one id space, which labels and descriptions need.
 */
export abstract class StoreElement extends LitElement {
  static override properties: PropertyDeclarations = { store: { attribute: false } };
  declare store: PanelStore;
  #listening: PanelStore | null = null;
  readonly #onChange = (): void => this.requestUpdate();

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listen();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listening?.removeEventListener("change", this.#onChange);
    this.#listening = null;
  }

  protected override willUpdate(): void {
    this.#listen();
  }

  #listen(): void {
    if (this.store === undefined || this.#listening === this.store) return;
    this.#listening?.removeEventListener("change", this.#onChange);
    this.#listening = this.store;
    this.store.addEventListener("change", this.#onChange);
  }
}
