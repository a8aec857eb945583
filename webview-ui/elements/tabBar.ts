import { html, nothing, type TemplateResult } from "lit";
import { icon, movedIndex } from "./controls.ts";
import { StoreElement } from "./storeElement.ts";
import { tabs } from "./tabRegistry.ts";

class TabBar extends StoreElement {
  #count = 0;

  /** With a tab goes what had the focus in it; it then stands on the tab that is shown instead. */
  protected override updated(): void {
    const count = this.querySelectorAll("[role=tab]").length;
    const fewer = count < this.#count;
    this.#count = count;
    if (!fewer || !document.hasFocus()) return;
    void Promise.resolve().then(() => {
      if (document.activeElement !== document.body) return;
      this.querySelector<HTMLElement>("[role=tab][aria-selected=true]")?.focus();
    });
  }

  protected override render(): TemplateResult {
    const { store } = this;
    const available = tabs.filter((tab) => tab.available(store));
    const current = available.find(({ id }) => id === store.view.tab) ?? available[0];
    const onKey = (event: KeyboardEvent): void => {
      const index = available.findIndex(({ id }) => id === current?.id);
      const next = movedIndex(event.key, index, available.length);
      const tab = next === null ? undefined : available[next];
      if (tab === undefined || !(event.target as HTMLElement).matches("[role=tab]")) return;
      event.preventDefault();
      event.stopPropagation();
      store.setView({ tab: tab.id });
      this.querySelector<HTMLElement>(`#tab-${tab.id}`)?.focus();
    };
    return html`<div class="tabs" @keydown=${onKey}>
      <div role="tablist" aria-label="Views">${available.map((tab) => {
        const count = tab.count?.(store);
        const selected = tab.id === current?.id;
        return html`<button role="tab" id="tab-${tab.id}" aria-controls="view-${tab.id}" aria-selected=${selected ? "true" : "false"}
          tabindex=${selected ? 0 : -1} @click=${() => store.setView({ tab: tab.id })}>${tab.label}${
            count === undefined ? nothing : html` <span class="count">${count}</span>`
          }</button>`;
      })}</div>
      <span class="spring"></span>
      ${
        current?.hasTable === true
          ? html`<button class="ico" aria-pressed=${store.view.table ? "true" : "false"} aria-label="Show as table" title="Show as table (T)"
              @click=${() => store.setView({ table: !store.view.table })}>${icon("table")}</button>`
          : nothing
      }
    </div>`;
  }
}
customElements.define("pl-tabs", TabBar);
