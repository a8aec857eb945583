import { html, nothing, type TemplateResult } from "lit";
import type { Audit } from "../../src/protocol/audit.ts";
import { auditText } from "../../src/protocol/auditWords.ts";
import { icon } from "../elements/controls.ts";
import type { PanelStore } from "../model/panelStore.ts";
import { auditProgress } from "./auditProgress.ts";

export const auditLooks: Readonly<Record<Audit["verdict"], { icon: string; tone: "ok" | "warn" | "error" }>> = {
  confirmed: { icon: "pass", tone: "ok" },
  wrong: { icon: "error", tone: "error" },
  "not-located": { icon: "error", tone: "error" },
  "cannot-tell": { icon: "question", tone: "warn" },
};

/** One line of the strip has no room for names; the verdict above it has them. */
function shortTitle(audit: Audit): string {
  if (audit.verdict === "wrong") return "A gradient is wrong";
  if (audit.verdict === "not-located") return "The gradient is wrong";
  return auditText(audit).title;
}

/** The button that starts an audit. */
export function checkButton(store: PanelStore, label: string): TemplateResult {
  const { state, dimmed } = store;
  const busy = state?.phase === "running" || state?.phase === "loading";
  const stale = state?.stale !== null && state?.stale !== undefined;
  return html`<button class="link check" data-action="audit" ?disabled=${busy || stale || dimmed}
    title="Compares every gradient with forward passes, and names the operation that is wrong"
    @click=${() => store.post({ type: "audit" })}>${icon("beaker")}${label}</button>`;
}

/** The audit in the trust strip: a button before it, its progress while it runs, its finding after it. */
export function auditSummary(store: PanelStore): TemplateResult | typeof nothing {
  const { state, shown } = store;
  const explanation = shown?.explanation;
  const auditing = state?.auditing ?? null;
  if (explanation === undefined || (store.readOnly && explanation.audit === undefined)) return nothing;
  if (auditing !== null) return auditProgress(store, auditing, true);
  const { audit } = explanation;
  if (audit === undefined) return checkButton(store, "Check gradients");
  const looks = auditLooks[audit.verdict];
  return html`<span class="audited ${looks.tone}">${icon(looks.icon)}<span>${shortTitle(audit)}</span>
    <button class="link" @click=${() => store.setView({ tab: "audit" })}>Show</button></span>`;
}
