import { reshape, slice, type Tensor } from "@tensorflow/tfjs-core";
import type { DifferentiableModel, NodeId } from "../engine/port.ts";
import { fetchesOf, type ScoreTarget, scoreFrom } from "../engine/scoreOf.ts";
import type { Prediction } from "../protocol/explanation.ts";
import { byStrength } from "../protocol/strength.ts";
import type { RunPlan } from "./runPlan.ts";
import { predictionsOf, taskOf } from "./target.ts";
import { meanPredictions, windowPredictions } from "./windows/windowPredictions.ts";

const STRONGEST = 5;

/** What a model says of a sample, as a run reads it. */
export interface Measured {
  readonly score: number;
  /** Of the class that is explained; null where there are no classes. */
  readonly target: Prediction | null;
  /** The strongest, and that of the target. */
  readonly predictions: Prediction[];
  /** Of all classes, in the order of the output. */
  readonly all: Prediction[];
}

/** Score, logits and outputs of a run from one forward pass, a row a sample; see `measuredFrom`. */
export function measurements(
  plan: RunPlan,
  model: Pick<DifferentiableModel, "evaluate">,
  score: ScoreTarget,
): (feeds: ReadonlyMap<NodeId, Tensor>) => Tensor[] {
  const { head } = plan;
  return (feeds) => {
    const nodes = [...new Set([head.logit, head.output, ...fetchesOf(score)])];
    const outputs = model.evaluate(feeds, nodes);
    const values = new Map(nodes.map((node, k) => [node, outputs[k] as Tensor]));
    const of = (node: string): Tensor => rowAt(values.get(node) as Tensor, plan);
    return [scoreFrom(values, score), of(head.logit), of(head.output)];
  };
}

/** What one row of `measurements` says. */
export function measuredFrom(plan: RunPlan, row: readonly Float32Array[]): Measured {
  const [score, logits = new Float32Array(), outputs = new Float32Array()] = row;
  const { head, target, predictions, entry } = plan;
  const value = score?.[0] ?? Number.NaN;
  // A run without classes has none here either.
  if (predictions.length === 0) return { score: value, target: null, predictions: [], all: [] };
  const labels = predictions.map(({ label }) => label);
  const all =
    plan.produced === undefined
      ? meanPredictions(windowPredictions(head, taskOf(head, entry, labels.length), { logits, outputs }, labels))
      : [writtenPrediction(plan, logits, outputs)];
  const own = all.find(({ index }) => index === target.index) ?? null;
  const strongest = [...all].sort(byStrength).slice(0, STRONGEST);
  return {
    score: value,
    target: own,
    predictions: own === null || strongest.includes(own) ? strongest : [...strongest, own],
    all,
  };
}

/** Of an output with a row for each position, the row that the place is in, [batch, values]. */
function rowAt(output: Tensor, { place, position: read }: RunPlan): Tensor {
  const position = place === null || typeof place === "number" ? read : place[0];
  const [batch = 1, , width = 1] = output.shape;
  if (position === undefined || output.shape.length !== 3) return output;
  return reshape(slice(output, [0, position, 0], [batch, 1, width]), [batch, width]);
}

/** How likely the written token is now. */
function writtenPrediction(plan: RunPlan, logits: Float32Array, outputs: Float32Array): Prediction {
  const { head, target, place } = plan;
  const id = typeof place === "number" ? place : (place?.at(-1) ?? 0);
  const [found] = predictionsOf(head, "classification", logits, outputs, []).filter(({ index }) => index === id);
  const { score = Number.NaN, logit = Number.NaN } = found ?? {};
  return { index: target.index ?? 0, label: target.label, score, logit };
}
