import type { Explanation } from "../protocol/explanation.ts";
import { formatPercent, formatScore, formatSigned } from "../protocol/format.ts";
import type { AblationResult } from "../protocol/neurons.ts";
import { byStrength } from "../protocol/strength.ts";
import { explainedText } from "../protocol/targetWords.ts";
import { predictionText } from "./predictionText.ts";
import type { Colours } from "./terminal.ts";

const LABEL = 20;
const SHOWN = 24;

const replacedBy = { baseline: "their activation at the baseline", zero: "zero", mean: "their mean over the data set" };

/** What is left without the neurons, as a person reads it in a terminal. */
export function ablationTable(result: AblationResult, folder: string, colour: Colours): string {
  const { explanations, before, after, control, value, count } = result;
  const row = (label: string, text: string): string => `${colour.dim(label.padEnd(LABEL))}${text}`;
  const shown = explanations?.before;
  const change = after.score - before.score;
  const lines = [
    ...(shown === undefined
      ? []
      : [
          row("Sample", colour.bold(shown.sample.title)),
          row("Model", `${shown.model.name} (${shown.model.format})`),
          row("Explained", `${explainedText(shown.target)}, from baseline ${shown.baseline.label}`),
        ]),
    ...result.ablation.map(({ node, neurons, units }) =>
      row("Switched off", `${node}: ${units === true ? "values" : "neurons"} ${listed(neurons)}`),
    ),
    row("Replaced by", replacedBy[value]),
    "",
    colour.bold("                    before          after           change"),
    row("Score", columns(formatScore(before.score), formatScore(after.score), formatSigned(change))),
    ...(result.promised === null ? [] : [row("Conductance", columns("", "", formatSigned(-result.promised)))]),
    ...controlRow(control, before.score, count, row),
    ...(explanations === null ? [] : attributionRows(explanations.before, explanations.after, row)),
    "",
    row("Prediction before", strongest(before.predictions)),
    row("Prediction after", strongest(after.predictions)),
    ...result.notes.map((note) => row("Note", colour.yellow(note))),
    row("Files", folder),
  ];
  return `${lines.join("\n")}\n`;
}

function columns(...texts: readonly string[]): string {
  return texts
    .map((text) => text.padEnd(16))
    .join("")
    .trimEnd();
}

function controlRow(
  control: AblationResult["control"],
  before: number,
  count: number,
  row: (label: string, text: string) => string,
): string[] {
  if (control === null) return [];
  const { mean, deviation, scores } = control;
  const change = `${formatSigned(mean - before)} ± ${formatScore(deviation, 2)}`;
  const draws = `(${scores.length} ${scores.length === 1 ? "draw" : "draws"} of ${count})`;
  return [row("Random neurons", `${columns(formatScore(before), formatScore(mean), change)} ${draws}`)];
}

function attributionRows(
  before: Explanation,
  after: Explanation,
  row: (label: string, text: string) => string,
): string[] {
  const both = (read: (each: Explanation) => string): string => columns(read(before), read(after));
  return [
    row(
      "ΔF",
      columns(formatSigned(before.deltaF), formatSigned(after.deltaF), formatSigned(after.deltaF - before.deltaF)),
    ),
    row(
      "Sum of attributions",
      both(({ sum }) => formatSigned(sum)),
    ),
    row("Completeness error", both(errorOf)),
    row(
      "Status",
      both(({ status }) => status),
    ),
  ];
}

function errorOf({ completenessError: { absolute, relative } }: Explanation): string {
  return relative === null ? formatScore(absolute) : `${formatPercent(relative)} of ΔF`;
}

function strongest(predictions: AblationResult["before"]["predictions"]): string {
  const order = [...predictions].sort(byStrength);
  return order.slice(0, 3).map(predictionText).join(" · ");
}

/** `3, 5, 10–20`; long lists are cut. */
function listed(neurons: readonly number[]): string {
  const sorted = [...new Set(neurons)].sort((a, b) => a - b);
  const ranges: string[] = [];
  for (let k = 0; k < sorted.length; ) {
    let end = k;
    while ((sorted[end + 1] ?? Number.NaN) === (sorted[end] as number) + 1) end++;
    const [from, to] = [sorted[k] as number, sorted[end] as number];
    ranges.push(to - from < 2 ? sorted.slice(k, end + 1).join(", ") : `${from}–${to}`);
    k = end + 1;
  }
  const text = ranges.slice(0, SHOWN).join(", ");
  return ranges.length > SHOWN ? `${text}, … (${sorted.length})` : text;
}
