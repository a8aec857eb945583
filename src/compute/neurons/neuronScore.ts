import { randomUUID } from "node:crypto";
import { PathlightError } from "../../common/errors.ts";
import type { ScoreTerm } from "../../common/scoreTerm.ts";
import type { DifferentiableModel, NodeId } from "../../engine/port.ts";
import type { ScoreTarget } from "../../engine/scoreOf.ts";
import { feedsAt, nodeValues } from "../ablation/nodeValues.ts";
import { Run } from "../run.ts";
import type { RunPlan } from "../runPlan.ts";
import { neuronNodes } from "./layerNodes.ts";
import { placesOf } from "./neuronDetail.ts";
import { refuseWindows } from "./refuseWindows.ts";

/** One neuron of a node; `place`: at one of its places, over all of them unless told. */
export interface AskedNeuron {
  readonly node: NodeId;
  readonly axis?: number | undefined;
  readonly neuron: number;
  readonly place?: readonly number[] | undefined;
}

/**
 * A run that explains a neuron in place of the score: its activation, summed over its places or at one of them.
 *
 * @throws PathlightError `usage` for a neuron or a place that is not there.
 */
export async function neuronRun(run: Run, model: DifferentiableModel, asked: AskedNeuron): Promise<Run> {
  const { plan } = run;
  refuseWindows(plan);
  const [value] = await nodeValues(model, feedsAt(plan, "x"), [asked.node]);
  const spec = model.nodes.find(({ id }) => id === asked.node);
  if (value === undefined || spec === undefined) throw new PathlightError("internal", `No value of ${asked.node}.`);
  const activation = { spec, shape: value.shape, input: value.values, baseline: value.values };
  const [node] = neuronNodes([activation], model.nodes, plan.model.format, asked.axis);
  if (node === undefined) throw new PathlightError("internal", `No neurons of ${asked.node}.`);
  const { neuron, place } = asked;
  if (neuron >= node.count) throw noNeuron(asked.node, neuron, node.count);
  const sides = node.shape.filter((_, axis) => axis !== node.axis);
  const fits = place === undefined || (place.length === sides.length && place.every((at, k) => at < (sides[k] ?? 0)));
  if (!fits) throw noPlace(asked, sides);
  const one = sides.length === 0 || place !== undefined;
  const score: ScoreTarget = one
    ? {
        fetch: asked.node,
        index: place === undefined ? neuron : place.toSpliced(node.axis, 0, neuron),
        link: "identity",
      }
    : { term: summed(asked.node, node.shape.length, node.axis, neuron) };
  const places = placesOf(node, neuron);
  const at = place === undefined ? null : place.reduce((index, step, k) => index * (sides[k] ?? 1) + step, 0);
  const activations = (at === null ? places : places.slice(at, at + 1)).map((each) => value.values[each] ?? Number.NaN);
  const label = `neuron ${neuron} of ${asked.node}${place === undefined || place.length === 0 ? "" : ` at [${place.join(", ")}]`}`;
  const changed: RunPlan = {
    ...plan,
    // What is explained is a value inside of the model, to which no link applies.
    settings: { ...plan.settings, method: "integrated-gradients", rule: "adaptive", link: "logit" },
    head: { output: asked.node, activation: "none", logit: asked.node },
    target: { index: null, label, value: activations.reduce((sum, each) => sum + each, 0) },
    expression: label,
    score,
    place: null,
    position: undefined,
    positions: undefined,
    produced: undefined,
  };
  const { limits, ablated, key } = run;
  return new Run(randomUUID(), `${key} ${JSON.stringify(score)}`, changed, limits, ablated);
}

/** Σ over all places: axes before that of the neurons, then the neuron, then axes behind it. */
function summed(node: NodeId, rank: number, axis: number, neuron: number): ScoreTerm {
  const sumOver = (of: ScoreTerm, axes: number): ScoreTerm =>
    axes === 0 ? of : sumOver({ kind: "call", call: "sum", args: [of] }, axes - 1);
  const before = sumOver({ kind: "node", node }, axis);
  return sumOver({ kind: "at", of: before, index: [neuron] }, rank - 1 - axis);
}

export function noNeuron(node: NodeId, neuron: number, count: number): PathlightError {
  return new PathlightError("usage", `The layer ${node} has no neuron ${neuron}.`, {
    expected: `0 to ${count - 1}`,
    found: String(neuron),
    whatToDo: "Choose one of its neurons.",
  });
}

function noPlace({ node, place }: AskedNeuron, sides: readonly number[]): PathlightError {
  return new PathlightError("usage", `A neuron of ${node} has no place [${(place ?? []).join(", ")}].`, {
    expected: sides.length === 0 ? "no place: it is a single value" : `a place in [${sides.join(", ")}]`,
    found: `[${(place ?? []).join(", ")}]`,
    whatToDo: "Choose one of its places.",
  });
}
