import { rankCorrelation, topOverlap } from "../common/mapStatistics.ts";
import type { Attribution, Explanation } from "../protocol/explanation.ts";
import type { Comparison, Shown } from "../protocol/panel.ts";
import { scoreKind } from "../protocol/targetWords.ts";

/** Two explanations side by side: what differs, and how alike the maps are at the grain they are read at. */
export function comparisonOf(left: Shown, right: Shown, names?: readonly [string, string]): Comparison {
  const differences = differencesOf(left.explanation, right.explanation);
  const [cellsLeft, cellsRight] = [cellsOf(left.explanation), cellsOf(right.explanation)];
  const comparable =
    cellsLeft !== undefined && cellsRight !== undefined && samePlaces(left.explanation, right.explanation);
  const [leftLabel, rightLabel] = names ?? [
    labelOf(left.explanation, differences),
    labelOf(right.explanation, differences),
  ];
  return {
    left,
    right,
    leftLabel,
    rightLabel,
    caption: captionOf(differences),
    rankCorrelation: comparable ? rankCorrelation(cellsLeft, cellsRight) : null,
    topOverlap: comparable ? topOverlap(cellsLeft, cellsRight) : null,
  };
}

const aspects = ["sample", "model", "target", "score", "baseline", "method", "tolerance"] as const;
type Aspect = (typeof aspects)[number];

const several: Readonly<Record<Aspect, string>> = {
  sample: "two samples",
  model: "two versions of the model",
  target: "two targets",
  score: "two scores",
  baseline: "two baselines",
  method: "two methods",
  tolerance: "two tolerances",
};

function aspectOf(explanation: Explanation, aspect: Aspect): string {
  switch (aspect) {
    case "sample":
      return explanation.sample.title;
    case "model":
      return `${explanation.model.name} ${explanation.model.fingerprint.slice(0, 8)}`;
    case "target":
      return explanation.target.label;
    case "score":
      return scoreKind(explanation.target);
    case "baseline":
      return explanation.baseline.label;
    case "method":
      return explanation.method;
    case "tolerance":
      return String(explanation.tolerance);
  }
}

function differencesOf(left: Explanation, right: Explanation): Aspect[] {
  return aspects.filter((aspect) => aspectOf(left, aspect) !== aspectOf(right, aspect));
}

function captionOf(differences: readonly Aspect[]): string {
  if (differences.length === 0) return "The same settings twice";
  const different = differences.map((aspect) => several[aspect]).join(", ");
  const same = (["sample", "target", "baseline"] as const).filter((aspect) => !differences.includes(aspect));
  const sameText = same.length === 0 ? "" : `; same ${same.join(" and ")}`;
  return `${different.charAt(0).toUpperCase()}${different.slice(1)}${sameText}`;
}

/** The baseline is named whenever a map is shown: a map says nothing without it. */
function labelOf(explanation: Explanation, differences: readonly Aspect[]): string {
  const shown = new Set<Aspect>([...differences, "target", "baseline"]);
  return aspects
    .filter((aspect) => shown.has(aspect))
    .map((aspect) => (aspect === "baseline" ? `from ${explanation.baseline.label}` : aspectOf(explanation, aspect)))
    .join(" · ");
}

/** Cells of two maps are compared only where they stand for the same places. */
function samePlaces(left: Explanation, right: Explanation): boolean {
  const [a, b] = [left.attributions[0], right.attributions[0]];
  if (left.sample.path !== right.sample.path || left.sample.row !== right.sample.row) return false;
  if (a?.kind !== b?.kind) return false;
  if (a?.kind === "text" && b?.kind === "text")
    return a.tokens.map((t) => t.id).join() === b.tokens.map((t) => t.id).join();
  if (a?.kind === "image" && b?.kind === "image")
    return a.width === b.width && a.height === b.height && a.grain === b.grain;
  return true;
}

function cellsOf(explanation: Explanation): ArrayLike<number> | undefined {
  const [first] = explanation.attributions;
  return first === undefined ? undefined : cellSums(first);
}

/** Sums at the grain; for text and tensors the values themselves. Float64, row by row. */
export function cellSums(attribution: Attribution): ArrayLike<number> {
  if (attribution.kind !== "image" || attribution.grain === 1) return attribution.values;
  const { width, height, grain, values } = attribution;
  const columns = Math.ceil(width / grain);
  const sums = new Float64Array(columns * Math.ceil(height / grain));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = Math.floor(y / grain) * columns + Math.floor(x / grain);
      sums[cell] = (sums[cell] ?? 0) + (values[y * width + x] ?? 0);
    }
  }
  return sums;
}
