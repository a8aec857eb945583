import { LitElement, type PropertyDeclarations } from "lit";
import type { InspectStore } from "./inspectStore.ts";

/** An element that draws itself from the store, into the light DOM (see storeElement.ts). */
export abstract class InspectElement extends LitElement {
  static override properties: PropertyDeclarations = { store: { attribute: false } };
  declare store: InspectStore;
  readonly #onChange = (): void => this.requestUpdate();

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.store?.addEventListener("change", this.#onChange);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.store?.removeEventListener("change", this.#onChange);
  }
}
