import { html, nothing, type TemplateResult } from "lit";
import type { PanelStore } from "../model/panelStore.ts";
import { describeModel, iconOfSample } from "../model/words.ts";
import { icon, movedIndex } from "./controls.ts";
import { StoreElement } from "./storeElement.ts";
import "./menuButton.ts";
import type { MenuItem } from "./menuButton.ts";

function compareItems(store: PanelStore): readonly MenuItem[] {
  const { state } = store;
  const current = state?.current;
  if (state === null || current === null || current === undefined) return [];
  return state.history
    .filter((item) => item.id !== current)
    .slice(0, 12)
    .map((item) => ({
      label: `${item.target} · ${item.baseline} · ${item.link}`,
      detail: item.sample === state.sampleTitle ? undefined : item.sample,
      act: () => {
        store.setView({ tab: "history", chosen: [current, item.id] });
        store.post({ type: "compare", ids: [current, item.id] });
      },
    }));
}

/** Sample, model and the four actions: run again, compare, export, more. */
class TitleBar extends StoreElement {
  #stop = 0;

  /** One tab stop for the four buttons, arrows inside. */
  readonly #onKey = (event: KeyboardEvent): void => {
    const buttons = [...this.querySelectorAll<HTMLElement>(".actions button.ico")];
    const at = buttons.indexOf(event.target as HTMLElement);
    const next = at < 0 ? null : movedIndex(event.key, at, buttons.length);
    if (next === null || event.key === "ArrowDown" || event.key === "ArrowUp") return;
    event.preventDefault();
    event.stopPropagation();
    this.#stop = next;
    this.#setStops();
    buttons[next]?.focus();
  };

  #setStops(): void {
    this.querySelectorAll<HTMLElement>(".actions button.ico").forEach((button, index) => {
      button.tabIndex = index === this.#stop ? 0 : -1;
    });
  }

  protected override updated(): void {
    // The menus draw their buttons after this element.
    queueMicrotask(() => this.#setStops());
  }

  protected override render(): TemplateResult {
    const { store } = this;
    const { state, shown } = store;
    const explanation = shown?.explanation ?? null;
    const model = describeModel(state?.modelTitle ?? explanation?.model.name ?? "", explanation);
    const busy = state?.phase === "running" || state?.phase === "loading";
    const kind = state?.sampleKind ?? explanation?.attributions[0]?.kind ?? null;
    const title = state?.sampleTitle ?? explanation?.sample.title ?? "";
    return html`<div class="title">
      ${icon(iconOfSample(kind))}
      <h1 title=${model === "" ? title : `${title} · ${model}`}>${title === "" ? "Pathlight" : title}</h1>
      <span class="dim model">${model}</span>
      <span class="spring"></span>
      ${
        store.readOnly
          ? nothing
          : html`<div class="row actions" role="toolbar" aria-label="Explanation" @keydown=${this.#onKey}>
            <button class="ico" aria-label="Run again" title="Run again" aria-disabled=${busy ? "true" : nothing}
              @click=${() => {
                if (!busy) store.post({ type: "run" });
              }}>${icon("refresh")}</button>
            <pl-menu-button icon="split-horizontal" label="Compare with…"
              none="Nothing to compare with yet: explain once more with another setting."
              .items=${compareItems(store)}></pl-menu-button>
            <pl-menu-button icon="export" label="Export…" none="Nothing to export yet." .items=${
              explanation === null
                ? []
                : (
                    [
                      ["png", "Picture of the map (PNG)"],
                      ["html", "Report that stands alone (HTML)"],
                      ["json", "Numbers (JSON and .npy)"],
                    ] as const
                  ).map(([format, label]) => ({
                    label,
                    act: () => store.post({ type: "export", format }),
                  }))
            }></pl-menu-button>
            <pl-menu-button icon="ellipsis" label="More actions" .items=${[
              { label: "Open the sample", act: () => store.post({ type: "openSample" }) },
              { label: "Open the manifest", act: () => store.post({ type: "openManifest" }) },
              { label: "Choose another sample…", act: () => store.post({ type: "chooseSample" }) },
              { label: "Choose another model…", act: () => store.post({ type: "chooseModel" }) },
              { label: "Show the log", act: () => store.post({ type: "showLog" }) },
              {
                label: "Keyboard shortcuts",
                detail: "?",
                act: () => this.dispatchEvent(new CustomEvent("pl-keys", { bubbles: true })),
              },
            ]}></pl-menu-button>
          </div>`
      }
    </div>`;
  }
}
customElements.define("pl-title-bar", TitleBar);
