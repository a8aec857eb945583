import type { Audit } from "../protocol/audit.ts";
import { agreementWords, auditText, culpritText, measuredText, nodeName, skippedText } from "../protocol/auditWords.ts";
import type { Explanation } from "../protocol/explanation.ts";
import { formatPercent, formatScore, formatSeconds } from "../protocol/format.ts";
import { explainedText } from "../protocol/targetWords.ts";
import type { Colours } from "./terminal.ts";

const LABEL = 20;

/** What an audit has found, as a person reads it in a terminal. */
export function auditTable(explanation: Explanation, audit: Audit, file: string | null, colour: Colours): string {
  const { sample, model, target, baseline, backend } = explanation;
  const row = (label: string, text: string): string => `${colour.dim(label.padEnd(LABEL))}${text}`;
  const { title, sentence } = auditText(audit);
  const paint =
    audit.verdict === "confirmed" ? colour.green : audit.verdict === "cannot-tell" ? colour.yellow : colour.red;
  const skipped = skippedText(audit);
  const lines = [
    row("Sample", colour.bold(sample.title)),
    row("Model", `${model.name} (${model.format})`),
    row("Audited", `${explainedText(target)}, from baseline ${baseline.label}`),
    row("Backend", `${backend.name} ${backend.version} (${backend.device})`),
    "",
    colour.bold("Along the path     Σ gradient   forward passes"),
    ...audit.path.map(pathLine),
    colour.bold("Random directions  Σ gradient   forward passes"),
    ...audit.directions.map(pathLine),
    "",
    ...audit.culprits.map((culprit) =>
      row(
        "Wrong",
        `${colour.red(nodeName(culprit))}: ${culpritText(culprit)} (noise floor ${formatPercent(culprit.floor)})`,
      ),
    ),
    row("Operations", operations(audit)),
    ...(skipped === "" ? [] : [row("", skipped)]),
    row("Passes", `${audit.passes} forward, ${audit.gradients} gradients, ${formatSeconds(audit.seconds)}`),
    row("Verdict", `${paint(title)}. ${sentence}`),
    ...(file === null ? [] : [row("File", file)]),
  ];
  return `${lines.join("\n")}\n`;
}

function pathLine(each: Audit["path"][number]): string {
  const place = `  ${Math.round(each.alpha * 100)} %`.padEnd(LABEL - 1);
  return `${place}${formatScore(each.gradient).padEnd(13)}${measuredText(each).padEnd(20)} ${agreementWords[each.agreement]}`;
}

function operations({ nodes }: Audit): string {
  const count = (wanted: string): number => nodes.filter(({ agreement }) => agreement === wanted).length;
  const parts = [
    `${nodes.length} compared`,
    `${count("agrees")} agree`,
    ...(count("differs") > 0 ? [`${count("differs")} differ`] : []),
    ...(count("kink") > 0 ? [`${count("kink")} on a kink`] : []),
    ...(count("noise") > 0 ? [`${count("noise")} too noisy to tell`] : []),
  ];
  return parts.join(", ");
}
