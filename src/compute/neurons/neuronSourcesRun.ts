import type { Tensor } from "@tensorflow/tfjs-core";
import { throwIfCancelled } from "../../common/cancellation.ts";
import { integrate, type RoundSnapshot } from "../../engine/integrate.ts";
import type { Integration } from "../../engine/integration.ts";
import { NeuronSources as Integrand } from "../../engine/neurons/neuronSources.ts";
import { openLayer } from "../../engine/neurons/openLayer.ts";
import type { DifferentiableModel, NodeId } from "../../engine/port.ts";
import type { Running } from "../../protocol/compute.ts";
import type { NeuronSources, NeuronSourcesParams } from "../../protocol/neurons.ts";
import { withFeeds } from "../feeds.ts";
import { pacedIntegrand } from "../pacedIntegrand.ts";
import { Progress } from "../progress.ts";
import type { Run } from "../run.ts";
import { DiskGradientStore } from "./diskGradientStore.ts";
import { neuronNodes } from "./layerNodes.ts";
import { noNeuron } from "./neuronScore.ts";
import { neuronSourcesView, ownError, type SourceParts, sourceParts } from "./neuronSourcesView.ts";
import { isSameModel } from "./neuronsRun.ts";
import { pathScores } from "./pathScores.ts";
import { refuseWindows } from "./refuseWindows.ts";

export interface NeuronSourcesOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((running: Running) => void) | undefined;
  /** After the first point, and then after rounds. */
  readonly onDraft?: ((sources: NeuronSources) => void) | undefined;
}

/** Points of the path where the derivatives are held against those in the other direction. */
const CHECKED = [0.31, 0.78] as const;
/** Unless more are asked for. */
const MOST_POINTS = 257;
/** Milliseconds between drafts. */
const DRAFT_MS = 200;
/** Relative to all that flows: what float32 can tell. */
const FINEST = 1e-5;

/** The neuron of a run that was asked about last, with the points of the path that are known of it. */
export class NeuronSourcesRun {
  readonly question: string;
  readonly model: DifferentiableModel;
  readonly integrand: Integrand;
  readonly store = new DiskGradientStore();
  /** Feeds while it computes; empty else. */
  readonly held: Map<NodeId, Tensor>;
  readonly deltaF: number;
  integration: Integration | null = null;
  /** Undefined until it was looked for. */
  disagreement: number | null | undefined;
  seconds = 0;

  constructor(found: Pick<NeuronSourcesRun, "question" | "model" | "integrand" | "held" | "deltaF">) {
    this.question = found.question;
    this.model = found.model;
    this.integrand = found.integrand;
    this.held = found.held;
    this.deltaF = found.deltaF;
  }

  dispose(): void {
    this.store.dispose();
  }
}

/**
 * What parts of the sample give to one neuron of a layer (see `NeuronSources` of the engine), to the tolerance of the run
 * unless another is asked for, relative to what the neuron carries. Goes on from what is known of the same neuron, also
 * for other parts; what a cancelled question had found stays known.
 *
 * @throws PathlightError `usage` for a layer, a neuron or a patch that cannot be had, `model-node-unknown`, `not-finite`,
 * `cancelled`, and what the model throws.
 */
export async function computeNeuronSources(
  run: Run,
  model: DifferentiableModel,
  params: NeuronSourcesParams,
  options: NeuronSourcesOptions = {},
): Promise<NeuronSources> {
  const { signal, onDraft } = options;
  const start = performance.now();
  refuseWindows(run.plan);
  throwIfCancelled(signal);
  const parts = sourceParts(run.plan.explained, params);
  return withFeeds(run.plan.held, async (feeds) => {
    const state = await stateOf(run, model, params, feeds);
    for (const [node, feed] of feeds) state.held.set(node, feed);
    const before = state.seconds;
    const seconds = (): number => before + (performance.now() - start) / 1000;
    const tolerance = params.tolerance ?? run.limits.tolerance;
    const { deltaF, disagreement = null } = state;
    const view = { params, parts, tolerance, deltaF, disagreement };
    try {
      if (state.integration === null) {
        const { g } = await state.integrand.evaluate([0.5], signal);
        onDraft?.(neuronSourcesView({ ...view, seconds: seconds(), status: "running" }, g[0] ?? new Float32Array()));
      }
      await complete(run, state, { ...options, params, parts, tolerance, seconds });
      state.disagreement ??= await check(state.integrand, signal);
      const { integration } = state;
      if (integration === null) throw new Error("An integration that has ended has a result.");
      const within =
        (integration.completenessError.relative ?? 0) <= tolerance && ownError(integration, parts) <= tolerance;
      const status = state.disagreement !== null ? "suspect-gradient" : within ? "converged" : integration.status;
      return neuronSourcesView({ ...view, disagreement: state.disagreement, seconds: seconds(), status }, integration);
    } finally {
      state.held.clear();
      state.seconds = seconds();
    }
  });
}

/** What is known of the neuron, or a beginning. */
async function stateOf(
  run: Run,
  model: DifferentiableModel,
  { layer: asked, axis, node: id, neuron }: NeuronSourcesParams,
  feeds: ReadonlyMap<NodeId, Tensor>,
): Promise<NeuronSourcesRun> {
  const question = JSON.stringify([asked, axis, id, neuron]);
  const known = run.sources;
  if (known?.question === question && isSameModel(model, known.model)) return known;
  const { plan } = run;
  const ends = plan.explained.map(({ node, shape, x, baseline }) => ({ node, shape, x, baseline }));
  // A node that is none of the layer is unknown to it, and is refused there by name.
  const ids = [...new Set([...asked, id])];
  const layer = neuronNodes(await openLayer(model, ends, feeds, ids), model.nodes, plan.model.format, axis);
  const node = layer.find((each) => each.id === id);
  if (node === undefined || neuron >= node.count) throw noNeuron(id, neuron, node?.count ?? 0);
  const held = new Map(feeds);
  const path = { model, ends, heldFeeds: held, target: plan.score };
  const [baseline = 0, input = 0] = await pathScores(path, [0, 1]);
  const integrand = new Integrand({ ...path, layer, neuron: node.offset + neuron });
  run.sources?.dispose();
  run.sources = new NeuronSourcesRun({ question, model, integrand, held, deltaF: input - baseline });
  return run.sources;
}

interface Completing extends NeuronSourcesOptions {
  readonly params: NeuronSourcesParams;
  readonly parts: SourceParts;
  readonly tolerance: number;
  readonly seconds: () => number;
}

/**
 * Integrates until what the neuron carries is known to the tolerance. That is a small part of what flows to the score,
 * which the rule holds its tolerance against: it is asked for half of it again until the neuron's own part is good enough.
 */
async function complete(run: Run, state: NeuronSourcesRun, wanted: Completing): Promise<void> {
  const { params, parts, tolerance, seconds, signal, onDraft, onProgress } = wanted;
  const maxEvaluations = Math.max(3, params.maxEvaluations ?? Math.min(run.limits.maxEvaluations, MOST_POINTS));
  const clock = new Progress(state.integration, tolerance, maxEvaluations);
  let nextDraft = 0;
  let last: RoundSnapshot | undefined;
  const integrand = pacedIntegrand(state.integrand, (count) => {
    clock.evaluated(count);
    onProgress?.({ ...clock.state, seconds: seconds() });
  });
  for (let finer = tolerance; ; finer /= 2) {
    try {
      state.integration = await integrate(integrand, {
        ...{ rule: "adaptive", tolerance: finer, maxEvaluations, grain: parts.grain, signal, store: state.store },
        previous: state.integration ?? undefined,
        onRound: (round) => {
          clock.round(round);
          last = round;
          if (round.status !== "running" || performance.now() < nextDraft) return;
          const { deltaF, disagreement = null } = state;
          const view = {
            params,
            parts,
            tolerance,
            deltaF,
            disagreement,
            seconds: seconds(),
            status: "running",
          } as const;
          onDraft?.(neuronSourcesView(view, round.integration()));
          nextDraft = performance.now() + DRAFT_MS;
        },
      });
    } catch (error) {
      if (last !== undefined) state.integration = last.integration();
      throw error;
    }
    const isEnded = state.integration.status !== "converged" || finer < FINEST;
    if (isEnded || ownError(state.integration, parts) <= tolerance) return;
  }
}

async function check(integrand: Integrand, signal: AbortSignal | undefined): Promise<number | null> {
  let worst: number | null = null;
  for (const alpha of CHECKED) {
    throwIfCancelled(signal);
    const found = await integrand.disagreement(alpha, signal);
    if (found !== null) worst = Math.max(worst ?? 0, found);
  }
  return worst;
}
