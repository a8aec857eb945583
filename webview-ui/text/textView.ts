import { html, type TemplateResult } from "lit";
import { StoreElement } from "../elements/storeElement.ts";
export class TextView extends StoreElement {
  protected override render(): TemplateResult {
    return html``;
  }
}
customElements.define("pl-text-view", TextView);
