import { PathlightError } from "../common/errors.ts";
import type { DifferentiableModel, NodeId, OutputHead } from "../engine/port.ts";
import type { Settings, TargetSpec } from "../protocol/explain.ts";
import type { Prediction } from "../protocol/explanation.ts";
import type { Link, ManifestModel } from "../protocol/manifest.ts";
import { byStrength } from "../protocol/strength.ts";
import { onSide, TwinModel } from "./twin/twinModel.ts";

/** The output that is explained, chosen by the request, else by the manifest, else the model's first. */
export function chooseHead(
  model: DifferentiableModel,
  settings: Pick<Settings, "output">,
  entry: ManifestModel,
): OutputHead {
  const wanted = settings.output ?? entry.output;
  if (wanted === undefined) {
    const first = model.heads[0];
    if (first === undefined) throw new PathlightError("model-invalid", "The model has no output.");
    return first;
  }
  // Of an encoder that reads two texts, the output of the first.
  const names = model instanceof TwinModel ? [wanted, onSide("a", wanted)] : [wanted];
  const head = model.heads.find(({ output, logit }) => names.includes(output) || names.includes(logit));
  if (head !== undefined) return head;
  const node = model.nodes.find(({ id }) => names.includes(id));
  if (node !== undefined) return { output: node.id, activation: "none", logit: node.id };
  throw new PathlightError("model-node-unknown", `The model has no output or node ${JSON.stringify(wanted)}.`, {
    expected: `one of the outputs ${model.heads.map((candidate) => candidate.output).join(", ")}, or an inner node`,
    found: JSON.stringify(wanted),
    whatToDo: "Correct --output, or `output` in pathlight.json.",
  });
}

/** How one value of one node becomes the scalar F. */
export interface ScalarTarget {
  readonly fetch: NodeId;
  readonly transform: "identity" | "softmax" | "sigmoid";
}

/**
 * The node that F is read from. `logit` is the node before a final softmax or sigmoid; the other links take that final
 * node, or apply the function where the model ends in logits.
 */
export function scalarTarget(head: OutputHead, link: Link): ScalarTarget {
  if (link === "logit") return { fetch: head.logit, transform: "identity" };
  if (head.activation === "none") return { fetch: head.logit, transform: link };
  if (head.activation === link) return { fetch: head.output, transform: "identity" };
  throw new PathlightError(
    "link-invalid",
    `The output ${head.output} ends in a ${head.activation}, not in a ${link}.`,
    {
      expected: `link logit or ${head.activation}`,
      found: link,
      whatToDo: `Use --link ${head.activation}, or --link logit.`,
    },
  );
}

export type Task = "classification" | "multi-label" | "regression";

/** What the numbers of an output mean: from the manifest, else from the activation, else classification over several values. */
export function taskOf(head: OutputHead, entry: ManifestModel, width: number): Task {
  if (entry.task !== undefined) return entry.task;
  if (head.activation === "sigmoid") return "multi-label";
  if (head.activation === "softmax" || width > 1) return "classification";
  return "regression";
}

/** Predictions of all classes in output order. `outputs` and `logits` are one row of the head's two nodes. */
export function predictionsOf(
  head: OutputHead,
  task: Task,
  logits: Float32Array,
  outputs: Float32Array,
  labels: readonly string[],
): Prediction[] {
  const scores = head.activation === "none" ? applyTask(task, logits) : Float64Array.from(outputs);
  return Array.from(logits, (logit, index) => ({
    index,
    label: labels[index] ?? String(index),
    score: scores[index] ?? Number.NaN,
    logit,
  }));
}

function applyTask(task: Task, logits: Float32Array): Float64Array {
  const values = Float64Array.from(logits);
  if (task === "regression") return values;
  if (task === "multi-label") return values.map((logit) => 1 / (1 + Math.exp(-logit)));
  const highest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const exponentials = values.map((logit) => Math.exp(logit - highest));
  const total = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / total);
}

/** Labels for an output of `width` values; names must be as many as values. `noun`: what one without a name is called. */
export function checkLabels(
  labels: readonly string[] | null,
  width: number,
  manifestName: string,
  noun: "class" | "output" = "class",
): string[] {
  if (labels === null) return Array.from({ length: width }, (_, index) => `${noun} ${index}`);
  if (labels.length === width) return [...labels];
  throw new PathlightError("manifest-invalid", `The labels of ${manifestName} do not fit the model's output.`, {
    expected: `${width} labels, one for each value of the output`,
    found: `${labels.length}`,
    whatToDo: "Correct `labels` in pathlight.json, or the labels file beside the model.",
  });
}

/** Index of the target among the predictions. */
export function resolveTarget(
  target: Exclude<TargetSpec, { kind: "expression" }>,
  predictions: readonly Prediction[],
): Prediction {
  if (target.kind === "predicted") {
    return predictions.reduce((best, candidate) => (byStrength(best, candidate) > 0 ? candidate : best));
  }
  const wanted = target.kind === "index" ? target.index : target.label;
  const found = predictions.find((candidate) =>
    target.kind === "index" ? candidate.index === target.index : candidate.label === target.label,
  );
  if (found !== undefined) return found;
  const names = predictions.map((candidate) => candidate.label);
  const shown = names.length > 12 ? `${names.slice(0, 12).join(", ")}, …` : names.join(", ");
  throw new PathlightError("target-invalid", `There is no target ${JSON.stringify(wanted)}.`, {
    expected: `an index from 0 to ${predictions.length - 1}, or one of: ${shown}`,
    found: JSON.stringify(wanted),
    whatToDo: "Choose one of these.",
  });
}
