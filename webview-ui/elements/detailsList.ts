import { html, type TemplateResult } from "lit";
import type { Explanation } from "../../src/protocol/explanation.ts";
import { formatScore, formatSetting, formatSigned } from "../../src/protocol/format.ts";
import { scoreKind, writtenAs } from "../../src/protocol/targetWords.ts";
import { backendNames, formatName, linkName, methodNames } from "../model/words.ts";

const ruleNames: Readonly<Record<Explanation["rule"], string>> = {
  adaptive: "adaptive",
  "gauss-legendre": "Gauss–Legendre",
  midpoint: "midpoint",
  trapezoid: "trapezoid",
  "riemann-left": "left Riemann sum",
  "riemann-right": "right Riemann sum",
};

function ruleText(explanation: Explanation): string {
  if (explanation.method !== "integrated-gradients") return "one gradient at the sample, no path";
  const name = ruleNames[explanation.rule];
  if (explanation.rule !== "adaptive") return `${name}, ${explanation.steps ?? explanation.evaluations} steps`;
  return `${name}, tolerance ${formatSetting(explanation.tolerance)}, at most ${explanation.maxEvaluations} evaluations`;
}

function scoreText({ target }: Explanation): string {
  if (target.index === null) {
    const written = writtenAs(target);
    return `${target.label}${written === null ? "" : `, written as ${written}`}`;
  }
  return `${linkName(scoreKind(target))} of ${target.label}, number ${target.index} of output ${target.output}`;
}

/** What each number means, and what it takes to repeat the explanation. */
export function detailsList(explanation: Explanation): TemplateResult {
  const { score, sum, deltaF, backend, model, sample } = explanation;
  const rows: readonly (readonly [string, string, "mono"?])[] = [
    ["F(x)", `score of the sample, ${formatScore(score.input, 5)}`],
    ["F(x′)", `score of the baseline, ${formatScore(score.baseline, 5)}`],
    ["Σ", `sum of all attributions, ${formatSigned(sum, 5)}; must equal F(x) − F(x′) = ${formatSigned(deltaF, 5)}`],
    ["Σ|·|", `size of the map, ${formatScore(explanation.mapSize, 4)}: what for and against hold together`],
    ["Score", scoreText(explanation)],
    ["Baseline", explanation.baseline.label],
    ["Method", methodNames[explanation.method]],
    ["Rule", ruleText(explanation)],
    [
      "Backend",
      `${backendNames[backend.name] ?? backend.name} ${backend.version} · ${backend.device} · float32, sums in float64${backend.note === undefined ? "" : `. ${backend.note}`}`,
    ],
    [
      "Model",
      `${model.path} · ${formatName(model.format)} · ${model.parameterCount.toLocaleString("en")} parameters`,
      "mono",
    ],
    ["Fingerprint", model.fingerprint, "mono"],
    ["Sample", `${sample.path ?? sample.title}${sample.row === null ? "" : `, row ${sample.row + 1}`}`, "mono"],
    ["Finished", explanation.finishedAt ?? "not yet"],
  ];
  return html`<dl class="facts">${rows.map(
    ([term, text, kind]) => html`<dt>${term}</dt><dd class=${kind ?? ""}>${text}</dd>`,
  )}</dl>
  ${
    explanation.warnings.length === 0
      ? ""
      : html`<ul class="notes all">${explanation.warnings.map(({ code, message }) => html`<li><code>${code}</code><span>${message}</span></li>`)}</ul>`
  }`;
}

/** The settings of a finished explanation, where nothing can be chosen. */
export function givenSettings(explanation: Explanation): TemplateResult {
  const { backend, baseline, target } = explanation;
  const rows: readonly (readonly [string, string])[] = [
    ["Explained", `${target.label}, ${linkName(scoreKind(target)).toLowerCase()}`],
    ["Compared with", baseline.label],
    ["Method", `${methodNames[explanation.method]}, ${ruleText(explanation)}`],
    ["Computed on", `${backendNames[backend.name] ?? backend.name} ${backend.version} · ${backend.device}`],
  ];
  return html`<dl class="facts given">${rows.map(([term, text]) => html`<dt>${term}</dt><dd>${text}</dd>`)}</dl>`;
}
