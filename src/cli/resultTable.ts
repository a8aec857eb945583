import type { Explanation } from "../protocol/explanation.ts";
import { formatPercent, formatScore, formatSeconds, formatShare, formatSigned } from "../protocol/format.ts";
import { byStrength } from "../protocol/strength.ts";
import { explainedText, writtenAs } from "../protocol/targetWords.ts";
import type { TokenMatrix } from "../protocol/tokenMatrix.ts";
import { bannerOf, type VerdictKind, verdictOf } from "../protocol/verdict.ts";
import { labelLines } from "./labelLines.ts";
import { matrixLines, pairLines } from "./matrixLines.ts";
import { predictionText } from "./predictionText.ts";
import type { Colours } from "./terminal.ts";
import { type Features, topFeatures } from "./topFeatures.ts";

/** Fraction above which a result is called low trust, as the extension's setting `pathlight.completeness.warnAbove`. */
export const WARN_ABOVE = 0.05;
const TOP = 10;
const LABEL = 20;

/** The result as a person reads it in a terminal: prediction, strongest features, errors, verdict, where the files lie. */
export function resultTable(
  explanation: Explanation,
  files: { report: string; folder: string },
  colour: Colours,
): string {
  const { score, baseline, backend, status, completenessError } = explanation;
  const features = explanation.attributions.map((attribution) => topFeatures(attribution, TOP));
  const row = (label: string, text: string) => `${colour.dim(label.padEnd(LABEL))}${text}`;
  const verdict = verdictOf(explanation, WARN_ABOVE, features[0]?.unit ?? "value");
  const relative =
    completenessError.relative === null
      ? `(ΔF is 0; ${formatPercent(explanation.mapSize > 0 ? completenessError.absolute / explanation.mapSize : 0)} of the map)`
      : `(${formatPercent(completenessError.relative)} of ΔF)`;
  const banner = bannerOf(explanation, WARN_ABOVE);
  const lines = [
    row("Sample", colour.bold(explanation.sample.title)),
    row("Model", `${explanation.model.name} (${explanation.model.format})`),
    ...headLines(explanation, row, colour),
    row("Explained", `${targetText(explanation)}, from baseline ${baseline.label}`),
    row(
      "Score",
      `${formatScore(score.baseline)} → ${formatScore(score.input)}, ΔF ${formatSigned(explanation.deltaF)}`,
    ),
    "",
    ...labelLines(explanation, colour),
    ...explanation.attributions.flatMap((attribution, index) => {
      const heading = explanation.attributions.length > 1 ? `Top features of ${attribution.input}` : "Top features";
      const found = features[index];
      return found === undefined ? [] : [...featureLines(heading, found, explanation.deltaF, colour), ""];
    }),
    ...(explanation.matrix === undefined ? [] : [...linesOf(explanation.matrix, colour), ""]),
    row("Sum of attributions", formatSigned(explanation.sum)),
    row("Completeness error", `${formatScore(completenessError.absolute)} ${relative}`),
    row("Feature error", featureErrorText(explanation)),
    row(
      "Evaluations",
      `${explanation.evaluations} in ${plural(explanation.rounds, "round")}, ${formatSeconds(explanation.seconds)}`,
    ),
    row(
      "Backend",
      `${backend.name} ${backend.version} (${backend.device})${backend.note === undefined ? "" : `. ${backend.note}`}`,
    ),
    row("Status", status),
    row("Verdict", `${colourOf(verdict.kind, colour)(verdict.title)}: ${verdict.sentence}`),
    ...(banner === null ? [] : [row("", banner.sentence)]),
    // Why not a faster backend stands in its own row above.
    ...explanation.warnings
      .filter(({ code }) => code !== "backend")
      .map(({ message }) => row("Note", colour.yellow(message))),
    row("Report", files.report),
    row("Files", files.folder),
  ];
  return `${lines.join("\n")}\n`;
}

function linesOf(matrix: TokenMatrix, colour: Colours): string[] {
  return matrix.kind === "pairs" ? pairLines(matrix, colour) : matrixLines(matrix, colour);
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function mostLikely({ predictions }: Explanation): string {
  const order = [...predictions].sort(byStrength);
  return order.slice(0, 3).map(predictionText).join(" · ");
}

function headLines(explanation: Explanation, row: (label: string, text: string) => string, colour: Colours): string[] {
  if (explanation.produced !== undefined) return [row("Written", colour.bold(explanation.produced.text))];
  return explanation.predictions.length === 0 ? [] : [row("Prediction", mostLikely(explanation))];
}

function targetText({ target, produced, positions, attributions }: Explanation): string {
  const { index, label, link } = target;
  if (produced !== undefined) return `${link} of ${JSON.stringify(label)} (written token ${index})`;
  let place = "";
  if (positions !== undefined && target.position !== undefined) {
    const text = attributions.find((attribution) => attribution.kind === "text");
    const token = text?.kind === "text" ? (text.tokens[target.position]?.text ?? "") : "";
    place = ` of ${JSON.stringify(token)} (position ${target.position})`;
  }
  const written = writtenAs(target);
  if (index === null) return `${explainedText(target)}${place}${written === null ? "" : `, written as ${written}`}`;
  return label === String(index)
    ? `${link} of output ${index}${place}`
    : `${explainedText(target)} (output ${index})${place}`;
}

function featureErrorText({ featureError, method }: Explanation): string {
  if (featureError !== null) return `about ${formatPercent(featureError)} a value`;
  return method === "integrated-gradients" ? "not known" : "none: a plain gradient has no integral";
}

function featureLines(heading: string, features: Features, deltaF: number, colour: Colours): string[] {
  const largest = Math.abs(features.top[0]?.value ?? 0);
  const places = features.top.map(({ place }) => place);
  const width = Math.max(...places.map((place) => place.length), 5);
  return [
    colour.bold(`${heading} (${features.caption})`),
    ...features.top.map(({ place, value, error }, index) => {
      const share = deltaF === 0 ? "" : formatShare(value / deltaF);
      const bar = "▇".repeat(largest > 0 ? Math.max(1, Math.round((12 * Math.abs(value)) / largest)) : 0);
      const uncertain = error === null ? "" : `±${formatScore(error, 2)}`;
      const text = `${String(index + 1).padStart(3)}  ${place.padEnd(width)}  ${formatSigned(value).padStart(9)}  ${uncertain.padEnd(10)} ${share.padStart(9)}  ${bar}`;
      return text.trimEnd();
    }),
  ];
}

function colourOf(kind: VerdictKind, colour: Colours): (text: string) => string {
  if (kind === "reliable") return colour.green;
  return kind === "low-trust" || kind === "suspect" ? colour.red : colour.yellow;
}
