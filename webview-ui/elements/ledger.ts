import { html, type TemplateResult } from "lit";
import type { Explanation } from "../../src/protocol/explanation.ts";
import { formatPercent, formatScore, formatSigned } from "../../src/protocol/format.ts";
import { relativeSumError } from "../../src/protocol/verdict.ts";
import { isBeforeFirstMap } from "../model/words.ts";
import { cssVars } from "./cssVars.ts";

/** Places on the ledger's axis in percent: it starts at the baseline's score and runs towards the sample's. */
interface LedgerLayout {
  readonly baseline: number;
  readonly sample: number;
  readonly end: number;
}

export function ledgerLayout(explanation: Pick<Explanation, "deltaF" | "sum">): LedgerLayout {
  const direction = explanation.deltaF < 0 ? -1 : 1;
  const sample = explanation.deltaF * direction;
  const end = explanation.sum * direction;
  const low = Math.min(0, sample, end);
  const width = Math.max(0, sample, end) - low || 1;
  const place = (value: number): number => ((value - low) / width) * 100;
  return { baseline: place(0), sample: place(sample), end: place(end) };
}

/** The sum of the map against the change of the score, as a bar that must end at the tick. */
export function ledger(explanation: Explanation, warnAbove: number): TemplateResult {
  const { score, sum, deltaF, completenessError } = explanation;
  const { baseline, sample, end } = ledgerLayout(explanation);
  const running = explanation.status === "running";
  const early = isBeforeFirstMap(explanation);
  const bad = !running && relativeSumError(explanation) > warnAbove;
  // The part that the map and the change have in common, and what is too much or missing.
  const opposite = (end - baseline) * (sample - baseline) < 0;
  const near = opposite ? end : Math.min(end, sample);
  const fill = [Math.min(baseline, near), Math.max(baseline, near)] as const;
  const gap = [Math.min(end, sample), Math.max(end, sample)] as const;
  const over = end > sample;
  const off = formatScore(completenessError.absolute, 2);
  const label = early
    ? `Baseline score ${formatScore(score.baseline)}, score of the sample ${formatScore(score.input)}. The map is on its way.`
    : `Baseline score ${formatScore(score.baseline)}, plus map total ${formatSigned(sum)}, gives ` +
      `${formatScore(score.baseline + sum)}. The score of the sample is ${formatScore(score.input)}, off by ${off}` +
      (completenessError.relative === null ? "." : `, ${formatPercent(completenessError.relative)} of the change.`);
  const place =
    sample >= 50 ? { left: "auto", right: `${100 - sample}%` } : { left: `${Math.max(sample, 32)}%`, right: "auto" };
  // Where the map points the other way, the baseline is not at the left end.
  const baselinePlace =
    baseline > 55 ? { left: "auto", right: `${100 - baseline}%` } : { left: `${baseline}%`, right: "auto" };
  return html`<div class="ledger ${bad ? "bad" : ""}" role="img" aria-label=${label}>
    <div class="ends"><span class=${baseline > 3 ? "at" : ""} ${cssVars(baselinePlace)}><span class="dim">Baseline</span> <b>${formatScore(score.baseline)}</b></span>
      <span class="at" ${cssVars(place)}><span class="dim">Sample</span> <b>${formatScore(score.input)}</b></span></div>
    <div class="track">
      <div class="fill" ${cssVars({ left: `${fill[0]}%`, width: `${fill[1] - fill[0]}%` })}></div>
      <div class="gap" ?hidden=${early} ${cssVars({ left: `${gap[0]}%`, width: `${Math.max(0.35, gap[1] - gap[0])}%` })}></div>
      <div class="tick" ${cssVars({ left: `${baseline}%` })}></div>
      <div class="tick end" ${cssVars({ left: `${sample}%` })}></div>
    </div>
    <div class="ends"><span><span class="dim">Map total</span> <b>${early ? "–" : formatSigned(sum)}</b> <span class="dim">of ${formatSigned(deltaF)}</span></span>
      <span>${bad ? html`<b>${over ? "overshoots" : "falls short"} by ${off}</b>` : html`<span class="dim">${early ? "" : `off by ${off}`}</span>`}</span></div>
  </div>`;
}
