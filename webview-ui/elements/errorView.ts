import { html, type TemplateResult } from "lit";
import type { ErrorView } from "../../src/protocol/errorView.ts";
import type { PanelStore } from "../model/panelStore.ts";
import { icon } from "./controls.ts";

/** File, expected, found, what to do, code: what a person needs to mend it. */
export function errorFacts(error: ErrorView): TemplateResult {
  const rows: readonly (readonly [string, string | undefined, string])[] = [
    ["File", error.file, "mono"],
    ["Expected", error.expected, "mono"],
    ["Found", error.found, "mono"],
    ["What to do", error.whatToDo, ""],
    ["Code", error.code, "mono"],
  ];
  return html`<dl class="facts">${rows.flatMap(([term, text, kind]) =>
    text === undefined ? [] : [html`<dt>${term}</dt><dd class=${kind}>${text}</dd>`],
  )}</dl>`;
}

/** The whole panel, where there is no map to keep. */
export function errorPanel(store: PanelStore, error: ErrorView): TemplateResult {
  return html`<div class="whole error" role="alert">${icon("error")}<h2>${error.title}</h2>
    <p>The panel keeps your settings. Nothing was computed.</p>${errorFacts(error)}
    <div class="buttons">
      <button class="primary" @click=${() => store.post({ type: "run" })}>Try again</button>
      <button class="secondary" @click=${() => store.post({ type: "chooseModel" })}>Choose another model…</button>
      <button class="secondary" @click=${() => store.post({ type: "showLog" })}>Show log</button>
    </div></div>`;
}

export function emptyPanel(store: PanelStore): TemplateResult {
  return html`<div class="whole empty">${icon("target")}<h2>Nothing explained yet</h2>
    <p>Right-click an image or a data row in the Explorer and choose <b>Pathlight: Explain</b>, or select text in an editor.</p>
    <div class="buttons">
      <button class="primary" @click=${() => store.post({ type: "chooseSample" })}>Choose a sample…</button>
      <button class="secondary" @click=${() => store.post({ type: "chooseModel" })}>Choose a model…</button>
    </div></div>`;
}
