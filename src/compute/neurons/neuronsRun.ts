import type { Tensor } from "@tensorflow/tfjs-core";
import { throwIfCancelled } from "../../common/cancellation.ts";
import { AblatedModel } from "../../engine/ablation/ablatedModel.ts";
import { integrate, type RoundSnapshot } from "../../engine/integrate.ts";
import type { Integration } from "../../engine/integration.ts";
import { atomsOf } from "../../engine/neurons/atoms.ts";
import { LayerFlow } from "../../engine/neurons/cuts.ts";
import { LayerIntegrand, NeuronExcluded } from "../../engine/neurons/layerIntegrand.ts";
import { type NodeActivation, openLayer } from "../../engine/neurons/openLayer.ts";
import { joined } from "../../engine/neurons/pathPoint.ts";
import type { DifferentiableModel, NodeId } from "../../engine/port.ts";
import { fetchesOf } from "../../engine/scoreOf.ts";
import type { Running } from "../../protocol/compute.ts";
import type { NeuronNode, Neurons, NeuronsParams } from "../../protocol/neurons.ts";
import type { Status } from "../../protocol/status.ts";
import { withFeeds } from "../feeds.ts";
import { Progress } from "../progress.ts";
import type { Run } from "../run.ts";
import { DiskGradientStore } from "./diskGradientStore.ts";
import { neuronNodes } from "./layerNodes.ts";
import { type NeuronChecks, neuronsView, weightsOf } from "./neuronsView.ts";
import { refuseWindows } from "./refuseWindows.ts";
import { type PlacedPatch, placePatches } from "./regions.ts";

export interface NeuronsOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((running: Running) => void) | undefined;
  /** After the very first points, and then after rounds. */
  readonly onDraft?: ((neurons: Neurons) => void) | undefined;
}

/** Points of the path where derivatives are held against forward passes. */
const CHECKED = [0.31, 0.78] as const;
/** A point takes a derivative for each patch: more are for those who ask for them. */
const MOST_POINTS = 129;
/** Milliseconds between drafts. */
const DRAFT_MS = 200;

/** What the last question about the neurons of a run has found, and what it takes to go on from there. */
export class NeuronsRun {
  readonly nodes: readonly NeuronNode[];
  readonly activations: readonly NodeActivation[];
  readonly patches: readonly PlacedPatch[];
  readonly integrand: LayerIntegrand;
  readonly store: DiskGradientStore;
  readonly params: NeuronsParams;
  integration: Integration | null = null;
  checks: NeuronChecks | null = null;
  seconds = 0;
  /** Feeds while it computes; empty else. */
  readonly held: Map<NodeId, Tensor>;
  readonly model: DifferentiableModel;
  readonly scores: { readonly input: number; readonly baseline: number };
  readonly cutWith: readonly string[];

  constructor(
    found: Pick<
      NeuronsRun,
      "nodes" | "activations" | "patches" | "integrand" | "store" | "params" | "held" | "model" | "scores" | "cutWith"
    >,
  ) {
    this.nodes = found.nodes;
    this.activations = found.activations;
    this.patches = found.patches;
    this.integrand = found.integrand;
    this.store = found.store;
    this.params = found.params;
    this.held = found.held;
    this.model = found.model;
    this.scores = found.scores;
    this.cutWith = found.cutWith;
  }

  /** Whether another question has the same layer and patches, so that its points are known. */
  answers(params: NeuronsParams, model: DifferentiableModel): boolean {
    const { layer, axis, patches, grid } = this.params;
    const asked = [params.layer, params.axis, params.patches, params.grid];
    return isSameModel(model, this.model) && JSON.stringify([layer, axis, patches, grid]) === JSON.stringify(asked);
  }

  /** Points and weights that its values are summed over. */
  get weights(): ReadonlyMap<number, number> {
    return weightsOf(this.integration);
  }

  dispose(): void {
    this.store.dispose();
  }
}

/**
 * Conductance of a layer's neurons and what patches of the sample give to each (see `LayerIntegrand`), to the tolerance of
 * the run unless another is asked for, going on from what the run knows of the same question. The run keeps the points
 * for `neuronDetail`, also of a question that was cancelled.
 *
 * @throws PathlightError `usage` for a layer or a patch that cannot be had, `model-node-unknown`, `cancelled`, and what
 * the model throws.
 */
export async function computeNeurons(
  run: Run,
  model: DifferentiableModel,
  params: NeuronsParams,
  options: NeuronsOptions = {},
): Promise<Neurons> {
  const start = performance.now();
  refuseWindows(run.plan);
  return withFeeds(run.plan.held, async (feeds) => {
    const known = run.neurons?.answers(params, model) === true ? run.neurons : undefined;
    const before = known?.seconds ?? 0;
    const seconds = (): number => before + (performance.now() - start) / 1000;
    const report = new Reporter(run, params, options, known?.integration ?? null, seconds);
    const state = known ?? (await open(run, model, params, feeds, options.signal, report));
    for (const [node, feed] of feeds) state.held.set(node, feed);
    try {
      if (known === undefined) {
        run.neurons?.dispose();
        run.neurons = state;
        await state.integrand.evaluate([0.5], options.signal).catch(unlessExcluded);
        options.onDraft?.(viewOf(run, state, report.tolerance, "running", seconds()));
      }
      await complete(state, report, options);
      state.checks ??= await check(state, options.signal);
      const status = state.checks.disagreement !== null ? "suspect-gradient" : (state.integration?.status ?? "budget");
      return viewOf(run, state, report.tolerance, status, seconds());
    } finally {
      state.held.clear();
      state.seconds = seconds();
    }
  });
}

async function open(
  run: Run,
  model: DifferentiableModel,
  params: NeuronsParams,
  feeds: ReadonlyMap<NodeId, Tensor>,
  signal: AbortSignal | undefined,
  report: Reporter,
): Promise<NeuronsRun> {
  throwIfCancelled(signal);
  const { plan } = run;
  const patches = placePatches(plan.explained, params.patches, params.grid);
  const ends = plan.explained.map(({ node, shape, x, baseline }) => ({ node, shape, x, baseline }));
  const layer = [...new Set(params.layer)];
  const activations = await openLayer(model, ends, feeds, layer);
  const nodes = neuronNodes(activations, model.nodes, plan.model.format, params.axis);
  const [xs, starts] = [ends.map(({ x }) => x), ends.map(({ baseline }) => baseline)].map(joined);
  const features = patches.map((patch) => patch.features);
  const atoms = atomsOf(features, (feature) => xs?.[feature] !== starts?.[feature], xs?.length ?? 0);
  const held = new Map(feeds);
  const store = new DiskGradientStore();
  try {
    const integrand = await LayerIntegrand.create({
      model,
      ends,
      heldFeeds: held,
      target: plan.score,
      layer: nodes,
      atoms,
      store,
      signal,
      onDerivative: () => report.derivative(),
    });
    const scores = await integrand.endScores();
    const flow = new LayerFlow(
      model,
      plan.explained.map(({ node }) => node),
      fetchesOf(plan.score),
    );
    const cutWith = integrand.isCut ? [] : flow.cutWith(layer.at(-1) ?? "");
    return new NeuronsRun({ nodes, activations, patches, integrand, store, params, held, model, scores, cutWith });
  } catch (error) {
    store.dispose();
    throw error;
  }
}

/** Integrates to the tolerance; begins anew, with the points that are known, when a neuron turns out not to be finite. */
async function complete(state: NeuronsRun, report: Reporter, { signal, onDraft }: NeuronsOptions): Promise<void> {
  let last: RoundSnapshot | undefined;
  for (;;) {
    try {
      state.integration = await integrate(state.integrand, {
        rule: "adaptive",
        tolerance: report.tolerance,
        maxEvaluations: Math.max(3, report.most),
        previous: state.integration ?? undefined,
        signal,
        // A point takes many derivatives: a cancel is not to wait for more than one.
        batchSize: Math.max(1, Math.floor(16 / state.integrand.derivativesPerPoint)),
        onRound: (round) => {
          last = round;
          report.round(round);
          if (round.status !== "running" || onDraft === undefined || !report.isDraftDue()) return;
          state.integration = round.integration();
          onDraft(report.view(state));
        },
      });
      return;
    } catch (error) {
      if (error instanceof NeuronExcluded) {
        state.integration = null;
        last = undefined;
        continue;
      }
      if (last !== undefined) state.integration = last.integration();
      throw error;
    }
  }
}

async function check({ integrand }: NeuronsRun, signal: AbortSignal | undefined): Promise<NeuronChecks> {
  let disagreement: number | null = null;
  const halves: NeuronChecks["halves"][number][] = [];
  for (const alpha of CHECKED) {
    throwIfCancelled(signal);
    const found = await integrand.disagreement(alpha);
    if (found !== null) disagreement = Math.max(disagreement ?? 0, found);
    if (integrand.atoms.count === 1) halves.push(await integrand.halves(alpha));
  }
  return { disagreement, halves };
}

/** Points of the path at most: what was asked for, else those of the run within reason. */
export function pointsAllowed(run: Run, { maxEvaluations }: NeuronsParams): number {
  return maxEvaluations ?? Math.min(run.limits.maxEvaluations, MOST_POINTS);
}

/** The limits of a question, and what is told while it is answered. */
class Reporter {
  readonly tolerance: number;
  readonly most: number;
  readonly #clock: Progress;
  readonly #run: Run;
  readonly #options: NeuronsOptions;
  readonly #seconds: () => number;
  #nextDraft = 0;

  constructor(
    run: Run,
    params: NeuronsParams,
    options: NeuronsOptions,
    known: Integration | null,
    seconds: () => number,
  ) {
    this.tolerance = params.tolerance ?? run.limits.tolerance;
    this.most = pointsAllowed(run, params);
    this.#clock = new Progress(known, this.tolerance, this.most);
    this.#run = run;
    this.#options = options;
    this.#seconds = seconds;
  }

  derivative(): void {
    const evaluations = this.#run.neurons?.integrand.evaluations ?? 0;
    this.#options.onProgress?.({ ...this.#clock.state, evaluations, seconds: this.#seconds() });
  }

  round(snapshot: RoundSnapshot): void {
    this.#clock.round(snapshot);
    this.derivative();
  }

  isDraftDue(): boolean {
    if (performance.now() < this.#nextDraft) return false;
    this.#nextDraft = performance.now() + DRAFT_MS;
    return true;
  }

  view(state: NeuronsRun): Neurons {
    return viewOf(this.#run, state, this.tolerance, "running", this.#seconds());
  }
}

function viewOf(run: Run, state: NeuronsRun, tolerance: number, status: Status, seconds: number): Neurons {
  const { params, nodes, patches, integrand, store, scores, cutWith, integration, checks } = state;
  return neuronsView({
    ...{ runId: run.id, layer: params.layer, grid: params.grid, nodes, patches, integrand, store, scores, cutWith },
    ...{ tolerance, seconds, status, integration, checks },
  });
}

/** A run's model is wrapped anew each time it is opened, where neurons are switched off in it. */
export function isSameModel(model: DifferentiableModel, other: DifferentiableModel): boolean {
  if (model instanceof AblatedModel && other instanceof AblatedModel) return isSameModel(model.inner, other.inner);
  return model === other;
}

function unlessExcluded(error: unknown): void {
  if (!(error instanceof NeuronExcluded)) throw error;
}
