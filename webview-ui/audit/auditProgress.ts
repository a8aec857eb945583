import { html, nothing, type TemplateResult } from "lit";
import type { AuditProgress } from "../../src/protocol/audit.ts";
import { formatSeconds } from "../../src/protocol/format.ts";
import { icon } from "../elements/controls.ts";
import { cssVars } from "../elements/cssVars.ts";
import type { PanelStore } from "../model/panelStore.ts";

/** How far a running audit is, with its Cancel; `short`: in the trust strip, where there is one line for it. */
export function auditProgress(
  store: PanelStore,
  { done, total, what, seconds }: AuditProgress,
  short: boolean,
): TemplateResult {
  const part = total > 0 ? done / total : null;
  const text = total > 0 ? `Checking gradients: ${done} of ${total}` : "Checking gradients: starting";
  return html`<div class="auditing ${short ? "" : "full"}">
    <div class="progress ${part === null ? "unknown" : ""}" role="progressbar" aria-label="Checking gradients" aria-valuemin="0" aria-valuemax="100"
      aria-valuenow=${part === null ? nothing : Math.round(part * 100)} ${cssVars({ "--done": `${(part ?? 0) * 100}%` })}></div>
    <span class="now">${text}</span>${short ? nothing : html`<span class="dim">${formatSeconds(seconds)}</span><span class="what dim wide-only">${what}</span>`}<span class="spring"></span>
    <button class="secondary" data-action="cancel-audit" @click=${() => store.post({ type: "cancelAudit" })}>${icon("debug-stop")}Cancel</button>
  </div>${short ? nothing : html`<p class="dim small">Each gradient is compared with forward passes alone: along the path, in random directions at the input, then one operation after the other. You can go on reading meanwhile.</p>`}`;
}
