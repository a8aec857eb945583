import { html, nothing, type TemplateResult } from "lit";
import {
  type BannerText,
  bannerOf,
  cancelledNotice,
  type NoticeText,
  staleNotice,
} from "../../src/protocol/verdict.ts";
import type { PanelStore } from "../model/panelStore.ts";
import { icon } from "./controls.ts";
import { errorFacts } from "./errorView.ts";
import { StoreElement } from "./storeElement.ts";

const labels: Readonly<Record<BannerText["actions"][number] | NoticeText["actions"][number], string>> = {
  refine: "Refine",
  "explain-logit": "Explain the logit instead",
  "another-baseline": "Another baseline…",
  audit: "Check gradients",
  continue: "Continue",
  discard: "Discard",
  "explain-again": "Explain again",
};

function act(store: PanelStore, action: keyof typeof labels): void {
  switch (action) {
    case "refine":
    case "continue":
      store.post({ type: "refine" });
      return;
    case "explain-logit":
      store.post({ type: "explainLogit" });
      return;
    case "another-baseline":
      store.wantedFocus = "settings-baseline";
      store.setView({ settingsOpen: true });
      return;
    case "audit":
      store.post({ type: "audit" });
      return;
    case "discard":
      store.post({ type: "discard" });
      return;
    case "explain-again":
      store.post({ type: "run" });
      return;
  }
}

/** Full width, and only where there is something to do. */
class Banner extends StoreElement {
  protected override render(): TemplateResult {
    const { state, shown } = this.store;
    const explanation = shown?.explanation ?? null;
    const busy = state?.phase === "running" || state?.phase === "loading";
    const parts: TemplateResult[] = [];
    if (state?.error !== null && state?.error !== undefined && explanation !== null) {
      const age =
        explanation.finishedAt === null
          ? "an earlier run"
          : `the run of ${new Date(explanation.finishedAt).toLocaleTimeString()}`;
      parts.push(html`<div class="banner error" role="alert">${icon("error")}
        <div><b>${state.error.title}</b><p>The map below is kept from ${age}.</p>${errorFacts(state.error)}</div><span></span>
        <div class="buttons">
          <button class="primary" @click=${() => this.store.post({ type: "run" })}>Try again</button>
          <button class="secondary" @click=${() => this.store.post({ type: "chooseModel" })}>Choose another model…</button>
          <button class="secondary" @click=${() => this.store.post({ type: "showLog" })}>Show log</button>
        </div></div>`);
    }
    if (explanation !== null && !busy) {
      if (state?.stale !== null && state?.stale !== undefined)
        parts.push(this.#notice(staleNotice(state.stale), "stale"));
      const low = bannerOf(explanation, state?.warnAbove ?? 0.05);
      if (explanation.status === "cancelled") parts.push(this.#notice(cancelledNotice(explanation), "cancelled"));
      else if (low !== null && this.store.dismissed !== explanation.runId)
        parts.push(this.#low(low, explanation.runId));
    }
    return html`${parts}`;
  }

  #low(text: BannerText, runId: string): TemplateResult {
    const auditing = this.store.state?.auditing !== null;
    return html`<div class="banner warning" role="alert">${icon("warning")}
      <div><b>${text.title}</b><p>${text.sentence}</p></div>
      <button class="ico" aria-label="Dismiss for this explanation" title="Dismiss for this explanation" @click=${() => {
        this.store.dismissed = runId;
        this.store.changed();
      }}>${icon("close")}</button>
      ${this.#buttons(text.actions.filter((action) => action !== "audit" || !auditing))}</div>`;
  }

  #notice(text: NoticeText, name: string): TemplateResult {
    return html`<div class="banner info ${name}" role="status">${icon("info")}<div><b>${text.title}</b><p>${text.sentence}</p></div><span></span>
      ${this.#buttons(text.actions)}</div>`;
  }

  #buttons(actions: readonly (keyof typeof labels)[]): TemplateResult | typeof nothing {
    if (this.store.readOnly || actions.length === 0) return nothing;
    return html`<div class="buttons">${actions.map(
      (action, index) =>
        html`<button class=${index === 0 ? "primary" : "secondary"} data-action=${action} @click=${() => act(this.store, action)}>${labels[action]}</button>`,
    )}</div>`;
  }
}
customElements.define("pl-banner", Banner);
