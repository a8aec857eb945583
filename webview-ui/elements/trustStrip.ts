import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { Explanation, Warning } from "../../src/protocol/explanation.ts";
import { formatPercent, formatScore, formatSeconds } from "../../src/protocol/format.ts";
import { relativeSumError, type Verdict, type VerdictKind, verdictOf } from "../../src/protocol/verdict.ts";
import { auditSummary } from "../audit/auditSummary.ts";
import { backendNames, isBeforeFirstMap, plural, unitOf } from "../model/words.ts";
import { icon } from "./controls.ts";
import { cssVars } from "./cssVars.ts";
import { detailsList } from "./detailsList.ts";
import { ledger } from "./ledger.ts";
import { StoreElement } from "./storeElement.ts";
import "./pathChart.ts";

export const verdictLooks: Readonly<Record<VerdictKind, { icon: string; tone: "ok" | "warn" | "error" | "plain" }>> = {
  sharpening: { icon: "sync", tone: "plain" },
  reliable: { icon: "pass", tone: "ok" },
  draft: { icon: "warning", tone: "warn" },
  "low-trust": { icon: "warning", tone: "error" },
  precision: { icon: "info", tone: "plain" },
  suspect: { icon: "error", tone: "error" },
  "no-change": { icon: "info", tone: "plain" },
};

/** Said by the verdict, the banner or the run row already. */
const SAID_ELSEWHERE: readonly Warning["code"][] = [
  "completeness",
  "feature-error",
  "precision-floor",
  "suspect-gradient",
  "delta-zero",
  "budget",
];

/** A meter with the tolerance at a fifth of its length. */
function meter(value: number, tolerance: number, warn: boolean): TemplateResult {
  const done = Math.min(100, (value / (tolerance * 5)) * 100);
  return html`<div class="meter ${warn ? "warn" : ""}"><i ${cssVars({ width: `${done}%` })}></i><em></em></div>`;
}

function figures(explanation: Explanation, warnAbove: number): TemplateResult {
  const unit = unitOf(explanation);
  const sumError = relativeSumError(explanation);
  const { featureError, tolerance } = explanation;
  const attribution = explanation.attributions[0];
  const early = isBeforeFirstMap(explanation);
  const settled = explanation.status !== "running";
  const grain =
    attribution?.kind === "image" && attribution.grain > 1 ? `${attribution.grain}×${attribution.grain} px` : "";
  return html`<dl class="figures">
    <div title="How far the sum of the map is from F(x) − F(x′). Mark: tolerance.">
      <dt>Sum off by</dt><dd>${early ? "–" : html`${formatPercent(sumError)} <small>${formatScore(explanation.completenessError.absolute, 2)}</small>`}</dd>
      ${meter(early ? 0 : sumError, tolerance, settled && sumError > warnAbove)}</div>
    <div title="Estimated relative L1 error over all ${unit}s. Mark: tolerance.">
      <dt>Error per ${unit}</dt><dd>${
        featureError === null
          ? html`${settled ? html`<small>not estimated</small>` : "–"}`
          : featureError > 1
            ? formatPercent(featureError)
            : `±\u202f${formatPercent(featureError)}`
      } <small>${featureError === null ? "" : grain}</small></dd>
      ${featureError === null ? nothing : meter(featureError, tolerance, settled && featureError > 0.25)}</div>
    <div><dt>Evaluations</dt><dd>${early ? "–" : html`${explanation.evaluations} <small>${plural(explanation.rounds, "round")}</small>`}</dd></div>
    <div title="${backendNames[explanation.backend.name] ?? explanation.backend.name} ${explanation.backend.version}, ${explanation.backend.device}">
      <dt>Time</dt><dd>${early ? "–" : formatSeconds(explanation.seconds)} <small>${explanation.backend.device}</small></dd></div>
  </dl>`;
}

const AUDIT_CONTROLS = "[data-action=audit], [data-action=cancel-audit], .audited button";

/** Verdict, ledger, four figures and details, with the path beside them; one line on the other tabs. */
class TrustStrip extends StoreElement {
  #auditHadFocus = false;

  protected override willUpdate(): void {
    super.willUpdate();
    this.#auditHadFocus = this.querySelector(AUDIT_CONTROLS)?.matches(":focus") ?? false;
  }

  /** The button of the gradient check, its Cancel and its result replace each other; the focus goes with them. */
  protected override updated(): void {
    if (!this.#auditHadFocus || document.activeElement !== document.body) return;
    this.querySelector<HTMLElement>(AUDIT_CONTROLS)?.focus();
  }

  static override properties: PropertyDeclarations = { line: { type: Boolean }, opened: { state: true } };
  line = false;
  opened = false;

  protected override render(): TemplateResult {
    const { state, shown, view } = this.store;
    const explanation = shown?.explanation ?? null;
    const warnAbove = state?.warnAbove ?? 0.05;
    if (explanation === null) {
      return html`<section class="trust" aria-label="Trust"><div><div class="skeleton row24 half"></div><div class="skeleton row24"></div>
        <div class="skeleton row24"></div><div class="skeleton tall"></div></div><div class="path wide-only"><div class="skeleton chart"></div></div></section>`;
    }
    const verdict = verdictOf(explanation, warnAbove, unitOf(explanation));
    if (this.line && !this.opened) return this.#oneLine(explanation, verdict);
    const looks = verdictLooks[verdict.kind];
    const notes = explanation.warnings.filter(({ code }) => !SAID_ELSEWHERE.includes(code));
    return html`<section class="trust ${this.store.dimmed ? "dimmed" : ""}" aria-labelledby="h-verdict">
      <div>
        <div class="verdict ${looks.tone}">${icon(looks.icon)}<div><b id="h-verdict">${verdict.title}</b><p>${verdict.sentence}</p></div></div>
        ${ledger(explanation, warnAbove)}
        ${figures(explanation, warnAbove)}
        ${
          notes.length === 0
            ? nothing
            : html`<ul class="notes">${notes.map(({ message }) => html`<li>${icon("info")}<span>${message}</span></li>`)}</ul>`
        }
        <div class="more">
          <button class="link disclosure" aria-expanded=${view.details ? "true" : "false"} aria-controls="trust-details"
            @click=${() => this.store.setView({ details: !view.details })}>${icon(view.details ? "chevron-down" : "chevron-right")}What the numbers mean</button>
          ${auditSummary(this.store)}
          ${
            this.line
              ? html`<button class="link" @click=${() => {
                  this.opened = false;
                }}>Less</button>`
              : nothing
          }
        </div>
      </div>
      <pl-path-chart class="path wide-only" .store=${this.store}></pl-path-chart>
      <div id="trust-details" ?hidden=${!view.details}>${view.details ? detailsList(explanation) : nothing}</div>
    </section>`;
  }

  #oneLine(explanation: Explanation, verdict: Verdict): TemplateResult {
    const looks = verdictLooks[verdict.kind];
    return html`<section class="trust line" aria-labelledby="h-verdict"><div class="verdict ${looks.tone}">
      ${icon(looks.icon)}<b id="h-verdict">${verdict.title}</b>
      <span>sum off by <b>${formatPercent(relativeSumError(explanation))}</b></span>
      ${
        explanation.featureError === null
          ? nothing
          : html`<span class="wide-only">per ${unitOf(explanation)} <b>±\u202f${formatPercent(explanation.featureError)}</b></span>`
      }
      <span class="wide-only"><b>${explanation.evaluations}</b> evaluations</span>
      <span class="wide-only"><b>${formatSeconds(explanation.seconds)}</b></span>
      <span class="spring"></span>
      <button class="link" aria-expanded="false" @click=${() => {
        this.opened = true;
      }}>Details</button>
    </div></section>`;
  }
}
customElements.define("pl-trust", TrustStrip);
