import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { Audit } from "../../src/protocol/audit.ts";
import { auditText, culpritText, nodeName, skippedText } from "../../src/protocol/auditWords.ts";
import { formatPercent, formatSeconds } from "../../src/protocol/format.ts";
import { icon } from "../elements/controls.ts";
import { StoreElement } from "../elements/storeElement.ts";
import type { Measured } from "./auditChart.ts";
import { auditProgress } from "./auditProgress.ts";
import { auditLooks, checkButton } from "./auditSummary.ts";
import { measuredTable, nodeTable } from "./auditTables.ts";
import "./auditChart.ts";

const SHORT = 12;

/** The operation by itself: what its gradient makes of one unit of what forward passes measure. */
function relative({ profile }: Audit["culprits"][number]): Measured[] {
  return profile
    .filter(({ difference }) => difference !== 0)
    .map((each) => ({
      ...each,
      gradient: each.gradient / each.difference,
      difference: 1,
      bar: each.bar / Math.abs(each.difference),
    }));
}

/** What an audit has found: verdict, the operation that is wrong, the path as picture or table, and every operation. */
class AuditTab extends StoreElement {
  static override properties: PropertyDeclarations = { all: { state: true } };
  all = false;

  protected override render(): TemplateResult {
    const { state, shown } = this.store;
    const audit = shown?.explanation.audit;
    const auditing = state?.auditing ?? null;
    return html`${auditing === null ? nothing : auditProgress(this.store, auditing, false)}
      ${audit === undefined ? nothing : this.#found(audit)}`;
  }

  #found(audit: Audit): TemplateResult {
    const { title, sentence } = auditText(audit);
    const looks = auditLooks[audit.verdict];
    const skipped = skippedText(audit);
    return html`<div class="audit">
      <div class="verdict ${looks.tone}">${icon(looks.icon)}<div><b id="h-audit">${title}</b><p>${sentence}</p></div></div>
      ${audit.culprits.slice(0, 3).map((culprit) => this.#culprit(culprit))}
      <div class="two">
        <section aria-label="Along the path"><h2>Change of the score along the path <small>baseline → sample</small></h2>${this.#measured(audit.path, "score")}</section>
        <section aria-label="Random directions"><h2>Random directions at the input <small>where errors cannot cancel</small></h2>${measuredTable(audit.directions, "Random directions at the input")}</section>
      </div>
      <section aria-label="Operations"><h2>Operations by themselves <small>nearest to the score first</small></h2>
        ${this.#nodes(audit.nodes)}
        <p class="caption">${skipped}${skipped === "" ? "" : " "}${audit.passes} forward passes, ${audit.gradients} gradients, ${formatSeconds(audit.seconds)}.
          ${this.store.readOnly || this.store.state?.auditing !== null ? nothing : checkButton(this.store, "Check again")}</p></section>
    </div>`;
  }

  #culprit(culprit: Audit["culprits"][number]): TemplateResult {
    const { layer, op, id, floor, below, above } = culprit;
    const off = (found: typeof below): string =>
      found === null || found.scale === 0
        ? "not asked"
        : `${formatPercent(Math.abs(found.gradient - found.difference) / found.scale)}${found.agreement === "differs" ? "" : " (agrees)"}`;
    const points = relative(culprit);
    const rows: readonly (readonly [string, string, "mono"?])[] = [
      ["Layer", layer ?? "none: the format has no layers"],
      ["Operation", op],
      ["Node", id, "mono"],
      ["Its gradient", `${culpritText(culprit)}; the comparison is good to ${formatPercent(floor)}`],
      ...(below === null && above === null
        ? []
        : ([
            ["Score, from its output", `off by ${off(below)}`],
            ["Score, from its input", `off by ${off(above)}`],
          ] as const)),
    ];
    return html`<section class="culprit" aria-label="Wrong gradient: ${nodeName(culprit)}">
      <div class="two"><dl class="facts">${rows.map(([term, text, kind]) => html`<dt>${term}</dt><dd class=${kind ?? ""}>${text}</dd>`)}</dl>
      <div>${
        points.length === 0
          ? nothing
          : html`<h2>Its gradient along the path <small>forward passes = 1</small></h2>${this.#measured(points, `operation ${nodeName(culprit)}`)}`
      }</div></div></section>`;
  }

  #measured(points: readonly Measured[], noun: string): TemplateResult {
    return this.store.view.table
      ? measuredTable(points, `Gradient of the ${noun} beside forward passes`)
      : html`<pl-audit-chart class="path" .store=${this.store} .points=${points} .noun=${noun}></pl-audit-chart>`;
  }

  #nodes(nodes: Audit["nodes"]): TemplateResult {
    const seen = this.all ? nodes : nodes.slice(0, SHORT);
    const left = nodes.length - seen.length;
    return html`${nodeTable(seen)}${
      left === 0
        ? nothing
        : html`<button class="secondary more-rows" @click=${() => {
            this.all = true;
          }}>Show all (${left} more)</button>`
    }`;
  }
}
customElements.define("pl-audit", AuditTab);
