import { html, type TemplateResult } from "lit";
import type { Audit } from "../../src/protocol/audit.ts";
import { agreementWords, measuredText } from "../../src/protocol/auditWords.ts";
import { formatPercent, formatScore, formatShare } from "../../src/protocol/format.ts";
import { icon } from "../elements/controls.ts";
import type { Measured } from "./auditChart.ts";

type Agreement = Audit["nodes"][number]["agreement"];

const icons: Readonly<Record<Agreement, string>> = {
  agrees: "check",
  differs: "error",
  kink: "circle-slash",
  noise: "question",
};

function outcome(agreement: Agreement): TemplateResult {
  return html`<td class="outcome ${agreement}">${icon(icons[agreement])}${agreementWords[agreement]}</td>`;
}

/** The same that the chart shows, as numbers. */
export function measuredTable(points: readonly Measured[], caption: string): TemplateResult {
  return html`<table class="audit-table"><caption class="hidden">${caption}</caption>
    <thead><tr><th scope="col">Place</th><th scope="col" class="right">Gradient</th><th scope="col" class="right">Forward passes</th><th scope="col">Outcome</th></tr></thead>
    <tbody>${points.map(
      (point) =>
        html`<tr><td>${formatShare(point.alpha)}</td><td class="right">${formatScore(point.gradient)}</td><td class="right">${measuredText(point)}</td>${outcome(point.agreement)}</tr>`,
    )}</tbody></table>`;
}

/** Every operation that was compared, the one nearest to the score first. */
export function nodeTable(nodes: Audit["nodes"]): TemplateResult {
  return html`<table class="audit-table"><caption class="hidden">Operations, the one nearest to the score first</caption>
    <thead><tr><th scope="col">Layer</th><th scope="col">Operation</th><th scope="col" class="wide-cell">Node</th><th scope="col" class="right">Off by</th><th scope="col" class="right">Noise floor</th><th scope="col">Outcome</th></tr></thead>
    <tbody>${nodes.map(
      ({ id, op, layer, error, floor, agreement }) =>
        html`<tr class=${agreement}><td>${layer ?? "–"}</td><td class="op">${op}</td><td class="wide-cell mono">${id}</td><td class="right">${formatPercent(error)}</td><td class="right dim">${formatPercent(floor)}</td>${outcome(agreement)}</tr>`,
    )}</tbody></table>`;
}
