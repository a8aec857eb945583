import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { givenSettings } from "./detailsList.ts";
import { emptyPanel, errorPanel } from "./errorView.ts";
import { keyList } from "./keyList.ts";
import { onShortcut } from "./shortcuts.ts";
import { StoreElement } from "./storeElement.ts";
import { tabs } from "./tabRegistry.ts";
import "../matrix/writtenTokens.ts";
import "./banner.ts";
import "./predictions.ts";
import "./runRow.ts";
import "./settingsForm.ts";
import "./tabBar.ts";
import "./titleBar.ts";
import "./trustStrip.ts";

/** The whole panel: one question a band, top to bottom. */
export class Panel extends StoreElement {
  static override properties: PropertyDeclarations = { keysOpen: { state: true } };
  keysOpen = false;

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("keydown", this.#onKey);
    this.addEventListener("pl-keys", this.#onKeys);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.#onKey);
    this.removeEventListener("pl-keys", this.#onKeys);
  }

  readonly #onKeys = (): void => {
    this.keysOpen = !this.keysOpen;
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && this.keysOpen) {
      this.keysOpen = false;
      event.preventDefault();
      return;
    }
    onShortcut(event, this.store, this);
  };

  protected override updated(): void {
    this.#focusWanted();
  }

  #focusWanted(): void {
    const wanted = this.store.wantedFocus;
    if (wanted === null) return;
    const selector = {
      "settings-baseline": "#s-baseline",
      map: ".maps canvas, .tokens [tabindex='0']",
      history: "#tab-history",
    }[wanted];
    // The bands below draw after this one.
    requestAnimationFrame(() => {
      const element = this.querySelector<HTMLElement>(selector);
      if (element === null || this.store.wantedFocus !== wanted) return;
      this.store.wantedFocus = null;
      element.focus();
      element.scrollIntoView({ block: "nearest" });
    });
  }

  protected override render(): TemplateResult | typeof nothing {
    const { store } = this;
    const { state, shown } = store;
    if (state === null && !store.readOnly) return nothing;
    if (state?.phase === "empty" && shown === null) return emptyPanel(store);
    const keys = this.keysOpen
      ? keyList(() => {
          this.keysOpen = false;
        })
      : nothing;
    if (state?.error !== null && state?.error !== undefined && shown === null) {
      return html`<header aria-label="Sample"><pl-title-bar .store=${store}></pl-title-bar></header>
        ${errorPanel(store, state.error)}`;
    }
    const current = tabs.find(({ id, available }) => id === store.view.tab && available(store)) ?? tabs[0];
    return html`
      <section data-band aria-label="What is explained" class="band-head">
        <pl-title-bar .store=${store}></pl-title-bar>
        <div class="setup ${store.readOnly ? "read-only" : ""}">
          ${
            shown?.explanation.produced === undefined
              ? html`<pl-predictions .store=${store}></pl-predictions>`
              : html`<pl-written .store=${store}></pl-written>`
          }
          ${store.readOnly ? (shown === null ? nothing : givenSettings(shown.explanation)) : html`<pl-settings .store=${store}></pl-settings>`}
        </div>
      </section>
      ${keys}
      <section data-band aria-label="Run"><pl-run-row .store=${store}></pl-run-row></section>
      <section data-band aria-label="What to do"><pl-banner .store=${store}></pl-banner></section>
      <section data-band aria-label="How far to trust it"><pl-trust .store=${store} ?line=${current?.id !== "attribution"}></pl-trust></section>
      <section data-band aria-label="Views">
        <pl-tabs .store=${store}></pl-tabs>
        ${
          current === undefined
            ? nothing
            : html`<div role="tabpanel" id="view-${current.id}" aria-labelledby="tab-${current.id}">${current.render(store)}</div>`
        }
      </section>`;
  }
}
customElements.define("pl-panel", Panel);
