import { formatPercent, formatScore, formatSeconds, formatShare, formatSigned } from "../protocol/format.ts";
import type { NeuronsFile } from "../protocol/neurons.ts";
import { explainedText } from "../protocol/targetWords.ts";
import type { Colours } from "./terminal.ts";

const LABEL = 20;
/** Patches that are listed; all of them are in the file. */
const PATCHES = 16;
const OF_PATCH = 3;

/** What the neurons of a layer carry, as a person reads it in a terminal. */
export function neuronsTable(file: NeuronsFile, folder: string, colour: Colours): string {
  const { model, sample, target, baseline, backend, score, deltaF, conservation, partition, derivatives, nodes } = file;
  const row = (label: string, text: string): string => `${colour.dim(label.padEnd(LABEL))}${text}`;
  const good = (isGood: boolean, text: string): string => (isGood ? colour.green(text) : colour.red(text));
  const within = (residual: number): boolean => residual <= Math.max(0.01, file.tolerance);
  const lines = [
    row("Sample", colour.bold(sample.title)),
    row("Model", `${model.name} (${model.format})`),
    row("Explained", `${explainedText(target)}, from baseline ${baseline.label}`),
    row("Score", `${formatScore(score.baseline)} → ${formatScore(score.input)}, ΔF ${formatSigned(deltaF)}`),
    row("Layer", nodes.map(layerText).join(", ")),
    "",
    colour.bold("Strongest neurons (conductance)"),
    ...neuronLines(file.top, nodes.length > 1),
    "",
    ...patchLines(file, colour),
    row(
      "Conservation",
      good(
        within(conservation.residual),
        `Σ ${formatSigned(conservation.sum)}${bypassText(conservation.bypass)} of ΔF ${formatSigned(deltaF)}, off by ${formatPercent(conservation.residual)}`,
      ),
    ),
    ...(conservation.isCut ? [] : [row("", colour.yellow(notACut(conservation.cutWith)))]),
    row("Partition", good(within(partition.residual), partitionText(file))),
    row("Derivatives", good(derivatives.disagreement === null, derivativeText(derivatives))),
    row(
      "Error",
      file.featureError === null ? "not known" : `about ${formatPercent(file.featureError)} a patch and neuron`,
    ),
    row(
      "Evaluations",
      `${file.evaluations} points of the path in ${file.rounds} ${file.rounds === 1 ? "round" : "rounds"}, ${formatSeconds(file.seconds)}`,
    ),
    row("Backend", `${backend.name} ${backend.version} (${backend.device})`),
    row("Status", file.status),
    ...file.notes.map((note) => row("Note", colour.yellow(note))),
    ...file.warnings.filter(({ code }) => code !== "backend").map(({ message }) => row("Note", colour.yellow(message))),
    row("Files", folder),
  ];
  return `${lines.join("\n")}\n`;
}

function layerText({ id, op, shape, axis, count }: NeuronsFile["nodes"][number]): string {
  const along = shape.length > 1 ? ` along axis ${axis}` : "";
  return `${id} (${op}, [${shape.join(", ")}], ${count} ${count === 1 ? "neuron" : "neurons"}${along})`;
}

function neuronLines(top: NeuronsFile["top"], named: boolean): string[] {
  const largest = Math.abs(top[0]?.value ?? 0);
  const names = top.map(({ node, neuron }) => (named ? `${node} ${neuron}` : String(neuron)));
  const width = Math.max(6, ...names.map((name) => name.length));
  return top.map(({ value, error, share }, k) => {
    const bar = "▇".repeat(largest > 0 ? Math.max(1, Math.round((12 * Math.abs(value)) / largest)) : 0);
    const part = share === null ? "" : formatShare(share);
    return `  ${(names[k] ?? "").padStart(width)}  ${formatSigned(value).padStart(9)}  ${`±${formatScore(error, 2)}`.padEnd(10)} ${part.padStart(9)}  ${bar}`.trimEnd();
  });
}

function patchLines({ patches, nodes }: NeuronsFile, colour: Colours): string[] {
  if (patches.length === 0) return [];
  const named = nodes.length > 1;
  const width = Math.max(5, ...patches.map(({ name }) => name.length));
  const order = patches.length <= PATCHES ? patches : strongest(patches);
  const head =
    patches.length <= PATCHES ? "What each patch gives" : `The ${PATCHES} strongest of ${patches.length} patches`;
  return [
    colour.bold(`${head} (sum over the layer, and its strongest neurons)`),
    ...order.map(({ name, sum, error, top }) => {
      const neurons = top.slice(0, OF_PATCH).map(({ node, neuron, value }) => {
        return `${named ? `${node} ` : ""}${neuron}: ${formatSigned(value, 2)}`;
      });
      return `  ${name.padEnd(width)}  ${formatSigned(sum).padStart(9)}  ${`±${formatScore(error, 2)}`.padEnd(10)}  ${neurons.join("  ")}`.trimEnd();
    }),
    "",
  ];
}

function strongest(patches: NeuronsFile["patches"]): NeuronsFile["patches"] {
  return [...patches].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum)).slice(0, PATCHES);
}

function bypassText(bypass: number | null): string {
  return bypass === null ? "" : `, ${formatSigned(bypass)} beside the layer,`;
}

function notACut(cutWith: readonly string[]): string {
  const offered = cutWith.length === 0 ? "" : ` A cut is: ${cutWith.map((node) => `--layer ${node}`).join(" ")}`;
  return `The layer is no cut: part of the change passes beside it.${offered}`;
}

function partitionText({ partition, patches, nodes }: NeuronsFile): string {
  const parts = patches.length === 0 ? "Two halves of the sample" : "The parts of the sample";
  const { residual, worst } = partition;
  const named =
    worst === null ? "" : `, at most ${formatPercent(worst.share)} at neuron ${neuronName(nodes, worst.neuron)}`;
  return `${parts} add up to the conductance to ${formatPercent(residual)}${named}`;
}

function neuronName(nodes: NeuronsFile["nodes"], neuron: number): string {
  const node = nodes.findLast(({ offset }) => offset <= neuron);
  const index = neuron - (node?.offset ?? 0);
  return nodes.length > 1 ? `${index} of ${node?.id ?? ""}` : String(index);
}

function derivativeText({ method, error, disagreement }: NeuronsFile["derivatives"]): string {
  const how = method === "double-vjp" ? "exact" : `central differences, good to ${formatPercent(error)}`;
  if (disagreement === null) return `${how}; they agree with forward passes at two points of the path`;
  return `${how}; they disagree with forward passes by ${formatPercent(disagreement)}`;
}
