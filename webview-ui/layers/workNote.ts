import { html, nothing, type TemplateResult } from "lit";
import type { LayersWork } from "../../src/protocol/layersPanel.ts";
import { icon } from "../elements/controls.ts";
import { cssVars } from "../elements/cssVars.ts";
import { errorFacts } from "../elements/errorView.ts";
import type { PanelStore } from "../model/panelStore.ts";

export function isBusy({ layers }: PanelStore, work: LayersWork): boolean {
  return layers.state?.busy.some((each) => each.work === work) ?? false;
}

/**
 * How something that was asked stands: its progress with Cancel, that it was ended, or why it failed with what to do.
 * `again`: asks for it once more.
 */
export function workNote(
  store: PanelStore,
  work: LayersWork,
  what: string,
  again: () => void,
): TemplateResult | typeof nothing {
  const { state } = store.layers;
  const place = state?.busy.findIndex((each) => each.work === work) ?? -1;
  const busy = state?.busy[place];
  if (busy !== undefined) {
    const done = busy.share === null ? null : Math.round(Math.min(1, Math.max(0, busy.share)) * 100);
    return html`<div class="work" role="status">
      <div class="progress ${done === null ? "unknown" : ""}" role="progressbar" aria-label=${what} aria-valuemin="0" aria-valuemax="100"
        aria-valuenow=${done ?? nothing} ${cssVars({ "--done": `${done ?? 0}%` })}></div>
      <span>${place > 0 ? `${what}: waits` : `${what}${busy.said === "" ? "" : `: ${busy.said}`}`}</span>
      <button class="secondary" @click=${() => store.post({ type: "cancelLayers", work })}>${icon("debug-stop")}Cancel</button></div>`;
  }
  const failed = state?.failed.find((each) => each.work === work);
  if (failed !== undefined) {
    const { title, ...facts } = failed.error;
    return html`<div class="work-failed card" role="alert"><p>${icon("error")} <b>${title}</b></p>
      ${errorFacts({ title, ...facts })}
      <div class="buttons"><button class="secondary" @click=${again}>Try again</button>
        <button class="secondary" @click=${() => store.post({ type: "showLog" })}>Show log</button></div></div>`;
  }
  if (state?.cancelled.includes(work) === true) {
    return html`<p class="work small" role="status">${icon("debug-stop")}<span>${what}: cancelled. What was reached stays.</span>
      <button class="link" @click=${again}>Go on</button></p>`;
  }
  return nothing;
}
