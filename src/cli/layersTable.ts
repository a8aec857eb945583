import type { Explanation } from "../protocol/explanation.ts";
import { formatPercent, formatScore, formatSeconds, formatSigned } from "../protocol/format.ts";
import type { Conservation, LayerSum } from "../protocol/neurons.ts";
import { explainedText } from "../protocol/targetWords.ts";
import type { Colours } from "./terminal.ts";

const LABEL = 20;

/** What every layer carries of the change of the score, as a person reads it in a terminal. */
export function layersTable(found: Conservation, explanation: Explanation, colour: Colours): string {
  const { sample, model, target, baseline, score } = explanation;
  const row = (label: string, text: string): string => `${colour.dim(label.padEnd(LABEL))}${text}`;
  const shown = found.layers.filter(({ state }) => state !== "refused");
  const left = found.layers.length - shown.length;
  const width = Math.max(5, ...shown.map(({ node }) => node.length));
  const ops = Math.max(2, ...shown.map(({ op }) => op.length));
  const shapes = shown.map(({ shape }) => `[${shape.map((side) => side ?? "?").join(", ")}]`);
  const wide = Math.max(5, ...shapes.map((text) => text.length));
  const lines = [
    row("Sample", colour.bold(sample.title)),
    row("Model", `${model.name} (${model.format})`),
    row("Explained", `${explainedText(target)}, from baseline ${baseline.label}`),
    row("Score", `${formatScore(score.baseline)} → ${formatScore(score.input)}, ΔF ${formatSigned(found.deltaF)}`),
    "",
    colour.bold(
      `${"Layer".padEnd(width)}  ${"op".padEnd(ops)}  ${"shape".padEnd(wide)}  ${"Σ".padStart(9)}  off by    top 5 %`,
    ),
    ...shown.map((layer, k) => {
      const sum = layer.sum === null ? "" : formatSigned(layer.sum);
      const part = layer.concentration === null ? "" : formatPercent(layer.concentration);
      return `${layer.node.padEnd(width)}  ${layer.op.padEnd(ops)}  ${(shapes[k] ?? "").padEnd(wide)}  ${sum.padStart(9)}  ${residualText(layer, colour)}  ${part}`.trimEnd();
    }),
    "",
    row(
      "Largest residual",
      found.largestResidual === null
        ? "not known"
        : `${formatPercent(found.largestResidual)} of ΔF over the layers that are cuts, by differences over ${found.points} points`,
    ),
    ...(left === 0 ? [] : [row("Left out", `${left} ${left === 1 ? "node" : "nodes"} that the change does not pass`)]),
    ...(shown.some(({ state }) => state === "not-a-cut")
      ? [row("No cut", "Part of the change passes beside the layer, so that its sum need not be ΔF.")]
      : []),
    row("Time", formatSeconds(found.seconds)),
  ];
  return `${lines.join("\n")}\n`;
}

function residualText({ state, residual }: LayerSum, colour: Colours): string {
  if (state === "not-a-cut") return colour.yellow("no cut".padEnd(8));
  const text = (residual === null ? "" : formatPercent(residual)).padEnd(8);
  return residual !== null && residual > 0.05 ? colour.red(text) : text;
}
