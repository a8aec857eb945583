import { LayerFlow } from "../../engine/neurons/cuts.ts";
import { type NodeConductance, PathConductances } from "../../engine/neurons/pathConductances.ts";
import type { DifferentiableModel, NodeId, NodeSpec } from "../../engine/port.ts";
import { chebyshevNodes } from "../../engine/quadrature/spectral.ts";
import { fetchesOf } from "../../engine/scoreOf.ts";
import type { Conservation, LayerSum } from "../../protocol/neurons.ts";
import { withFeeds } from "../feeds.ts";
import type { Run } from "../run.ts";
import { neuronAxis } from "./neuronAxis.ts";
import { pathScores } from "./pathScores.ts";
import { refuseWindows } from "./refuseWindows.ts";

export interface ConservationOptions {
  readonly signal?: AbortSignal | undefined;
  /** What is known so far: at first which layers there are, then sums over a few points. */
  readonly onKnown?: ((conservation: Conservation) => void) | undefined;
  /** Intervals of the path that are summed over, of those that the sums to come take. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
}

/** Points for a first look, of a run for a second, and with those in between at most. */
const FEW = 5;
const MANY = 129;
const MOST = 257;
/** What all points of a run may take, and what points in between, where sums are further off than the tolerance. */
const LONG_SECONDS = 120;
const QUICK_SECONDS = 5;
/** Of the neurons of a layer, for its concentration. */
const STRONGEST = 0.05;

/** Sums over the points that a run has; a question that was cancelled goes on from them. */
export class ConservationRun {
  readonly alphas: readonly number[];
  /** By how many points of the path they are over: ever more, always chosen in the same way. */
  readonly sums = new Map<number, PathConductances>();
  seconds = 0;

  constructor(alphas: readonly number[]) {
    this.alphas = alphas;
  }

  over(alphas: readonly number[]): PathConductances {
    const known = this.sums.get(alphas.length);
    if (known !== undefined) return known;
    const begun = new PathConductances(alphas);
    this.sums.set(alphas.length, begun);
    return begun;
  }
}

/**
 * Σ conductance of every layer against ΔF, by path differences (see `PathConductances`) over a few points of the run, then
 * more, until the sums of all cuts are within the tolerance or it would take too long: all points of the run, and where
 * that is quick those between them. Over 33 points where the run has none. Layers that are no cut have a sum too, and
 * nodes that form a cut with them. The run keeps what was summed, also when it is cancelled, until it has other points.
 *
 * @throws PathlightError `cancelled`, and what the model throws.
 */
export async function computeConservation(
  run: Run,
  model: DifferentiableModel,
  { signal, onKnown, onProgress }: ConservationOptions = {},
): Promise<Conservation> {
  const start = performance.now();
  const { plan } = run;
  refuseWindows(plan);
  const ends = plan.explained.map(({ node, shape, x, baseline }) => ({ node, shape, x, baseline }));
  const fetches = fetchesOf(plan.score);
  const flow = new LayerFlow(
    model,
    ends.map(({ node }) => node),
    fetches,
  );
  const state = stateOf(run);
  const seconds = (): number => state.seconds + (performance.now() - start) / 1000;
  return withFeeds(plan.held, async (heldFeeds) => {
    const path = { model, ends, heldFeeds, target: plan.score };
    const [baseline = 0, input = 0] = await pathScores(path, [0, 1]);
    const deltaF = input - baseline;
    const tokens = tokensOf(plan);
    const view = (found: ReadonlyMap<NodeId, NodeConductance> | null, points: number): Conservation => {
      const layers = model.nodes.map((spec) => layerSum(spec, flow, found, deltaF, tokens));
      const residuals = layers.flatMap(({ state, residual }) =>
        state === "cut" && residual !== null ? [residual] : [],
      );
      const largestResidual = residuals.length === 0 ? null : Math.max(...residuals);
      return { runId: run.id, deltaF, layers, points, largestResidual, seconds: seconds() };
    };
    if (!flow.known) return view(new Map(), 0);
    const axisOf = (spec: NodeSpec, shape: readonly number[]): number =>
      neuronAxis(plan.model.format, model.nodes, spec.id, shape);
    try {
      let points: readonly number[] = thinned(state.alphas, FEW);
      for (;;) {
        const sums = state.over(points);
        if (points.length <= FEW && !sums.isComplete) onKnown?.(view(null, 0));
        const found = view(await sums.complete({ ...path, flow, axisOf, signal, onPass: onProgress }), points.length);
        const isFar = (found.largestResidual ?? 0) > run.limits.tolerance;
        const next = morePoints(state.alphas, points, { isFar, seconds: sums.seconds });
        if (next === null) return found;
        onKnown?.(found);
        points = next;
      }
    } finally {
      state.seconds = seconds();
    }
  });
}

/** What is to be summed over after some of the points of a run; null: it is enough. */
function morePoints(
  alphas: readonly number[],
  points: readonly number[],
  { isFar, seconds }: { readonly isFar: boolean; readonly seconds: number },
): readonly number[] | null {
  const many = thinned(alphas, MANY);
  if (points.length < many.length) return many;
  if (!isFar) return null;
  const isThinned = points.length < alphas.length;
  const next = isThinned ? alphas : withMiddles(points);
  const takes = (seconds * next.length) / points.length;
  if (isThinned) return takes <= LONG_SECONDS ? next : null;
  return takes <= QUICK_SECONDS && next.length <= MOST ? next : null;
}

/** What is known of the same points; else nothing is. */
function stateOf(run: Run): ConservationRun {
  const alphas = pointsOf(run);
  if (String(run.conservation?.alphas) !== String(alphas)) run.conservation = new ConservationRun(alphas);
  return run.conservation as ConservationRun;
}

function withMiddles(alphas: readonly number[]): number[] {
  return alphas.flatMap((alpha, k) => {
    const next = alphas[k + 1];
    return next === undefined ? [alpha] : [alpha, (alpha + next) / 2];
  });
}

function pointsOf({ integration }: Run): number[] {
  const known = integration === null ? [] : [...integration.alphas];
  return known.length >= 9 ? known : chebyshevNodes(32);
}

/** At most so many, both ends among them. */
function thinned(alphas: readonly number[], most: number): number[] {
  if (alphas.length <= most) return [...alphas];
  const places = Array.from({ length: most }, (_, k) => Math.round((k * (alphas.length - 1)) / (most - 1)));
  return [...new Set(places)].map((place) => alphas[place] as number);
}

function layerSum(
  spec: NodeSpec,
  flow: LayerFlow,
  found: ReadonlyMap<NodeId, NodeConductance> | null,
  deltaF: number,
  tokens: number | null,
): LayerSum {
  const id = flow.resolve(spec.id);
  const own = flow.nodes.find((node) => node.spec.id === id);
  const layer = { node: spec.id, op: spec.op, shape: spec.shape.slice(1) };
  const nothing = { sum: null, residual: null, concentration: null, cutWith: [] };
  if (own === undefined) return { ...layer, ...nothing, state: "refused", reason: reasonOf(spec, flow) };
  if (found === null) return { ...layer, ...nothing, state: "waits" };
  const conductance = found.get(id) ?? { refused: "The score does not depend on it." };
  if ("refused" in conductance) return { ...layer, ...nothing, state: "refused", reason: conductance.refused };
  const { neurons, shape, places } = conductance;
  const sum = neurons.reduce((total, value) => total + value, 0);
  if (!Number.isFinite(sum)) {
    const reason = `Neuron ${neurons.findIndex((value) => !Number.isFinite(value))} is not finite somewhere on the path.`;
    return { ...layer, ...nothing, shape: [...shape], state: "refused", reason };
  }
  const size = neurons.reduce((total, value) => total + Math.abs(value), 0);
  const saysNothing = Math.abs(deltaF) <= 1e-4 * size || deltaF === 0;
  return {
    ...layer,
    shape: [...shape],
    state: own.isCut ? "cut" : "not-a-cut",
    sum,
    residual: !own.isCut || saysNothing ? null : Math.abs(sum - deltaF) / Math.abs(deltaF),
    concentration: size === 0 ? null : concentrationOf(neurons, size),
    cutWith: own.isCut ? [] : flow.cutWith(id),
    ...(places !== null && places.length === tokens ? { positions: Float32Array.from(places) } : {}),
  };
}

/** Tokens of the one text that is explained; null where it is none, or one of several inputs. */
function tokensOf({ explained }: Run["plan"]): number | null {
  const [text] = explained;
  const isText = text !== undefined && explained.length === 1 && text.node !== text.input;
  return isText ? (text.shape[0] ?? null) : null;
}

/** Share of Σ|conductance| of the strongest neurons. */
function concentrationOf(neurons: Float64Array, size: number): number {
  const count = Math.max(1, Math.round(STRONGEST * neurons.length));
  const strongest = neurons.map(Math.abs).sort().slice(-count);
  return strongest.reduce((sum, value) => sum + value, 0) / size;
}

function reasonOf(spec: NodeSpec, flow: LayerFlow): string {
  if (!flow.known) return "The model's file does not say what its layers are computed from.";
  if (spec.dtype !== "float32") return `It holds ${spec.dtype} values: no change flows through its neurons.`;
  return "The change does not pass it on its way to the score.";
}
