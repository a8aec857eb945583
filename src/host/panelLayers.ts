import type * as vscode from "vscode";
import { assertNever } from "../common/errors.ts";
import type { SampleRef } from "../protocol/explain.ts";
import type { FoundSamples, LayersAsk, LayersFound, LayersState, LayersWork } from "../protocol/layersPanel.ts";
import type { AblateParams, NeuronSourcesParams, NeuronsParams, PruneParams } from "../protocol/neurons.ts";
import type { HostToPanel } from "../protocol/panel.ts";
import { compact } from "./compactExplanation.ts";
import { errorViewOf } from "./errorView.ts";
import type { LayersCompute, NeuronsEvent, SourcesEvent } from "./layersCompute.ts";
import { isRunLost } from "./runLost.ts";
import { WorkQueue } from "./workQueue.ts";

/** A sample beside the one that is shown, with the name that it goes by. */
export interface Neighbour {
  readonly title: string;
  readonly sample: SampleRef;
  readonly isShown: boolean;
}

interface Listeners {
  post(message: Extract<HostToPanel, { type: "layers" | "layersFound" }>): void;
  /** The samples that a neuron is asked about. */
  neighbours(): Promise<readonly Neighbour[]>;
  /** A run that was made on the way, and that nobody goes on from. */
  release(runId: string): void;
}

type AskOf<Kind extends LayersAsk["kind"]> = Extract<LayersAsk, { kind: Kind }>;

const TOP_SAMPLES = 12;
/** Numbers of a draft above which only its progress is sent: each would have to be copied twice. */
const LARGEST_DRAFT = 1_000_000;

const works = ["conservation", "neurons", "sources", "detail", "own", "top", "ablation", "pruning"] as const;

/**
 * What the Layers tab has asked about the run that is shown, one thing after the other, with what was found. All of it
 * goes with the run. The sums of all layers make way for whatever else is asked meanwhile, the neurons of a layer for what
 * is asked about one of them: what they have found stays known, and they go on from there.
 */
export class PanelLayers implements vscode.Disposable {
  readonly #compute: LayersCompute;
  readonly #listeners: Listeners;
  readonly #queue: WorkQueue<LayersWork>;
  readonly #progress = new Map<LayersWork, { readonly share: number | null; readonly said: string }>();
  readonly #found = new Map<LayersWork, LayersFound>();
  #runId: string | null = null;
  #evaluations = 0;
  #cancelled = new Set<LayersWork>();
  #failed = new Map<LayersWork, LayersState["failed"][number]>();
  #lost = false;
  #neighbours: readonly Neighbour[] = [];

  constructor(compute: LayersCompute, listeners: Listeners) {
    this.#compute = compute;
    this.#listeners = listeners;
    this.#queue = new WorkQueue(["conservation", "neurons"], {
      onChange: () => this.#tell(),
      onFailure: (work, error) => this.#fail(work, error),
    });
  }

  /**
   * The run that is shown, once nothing changes it any more; null while one goes on. With more points of the path the
   * sums of the layers are sharper: those before are of no use any more.
   */
  follow(explanation: { readonly runId: string; readonly evaluations: number } | null): void {
    if (explanation === null) return;
    const { runId, evaluations } = explanation;
    if (runId !== this.#runId) this.#clear();
    else if (evaluations > this.#evaluations) this.#forget("conservation");
    this.#runId = runId;
    this.#evaluations = evaluations;
  }

  ask(ask: LayersAsk): void {
    const runId = "params" in ask ? ask.params.runId : ask.runId;
    // The panel may be a moment behind.
    if (runId !== this.#runId || this.#lost) return;
    if (ask.kind === "neurons" || ask.kind === "sources") this.#turnTo(ask.kind, ask.params.layer);
    const work = workOf(ask);
    this.#cancelled.delete(work);
    this.#failed.delete(work);
    this.#progress.delete(work);
    this.#queue.add({ kind: work, run: (signal) => this.#answer(ask, runId, signal) });
  }

  #answer(ask: LayersAsk, runId: string, signal: AbortSignal): Promise<void> {
    switch (ask.kind) {
      case "conservation":
        return this.#conservation(runId, signal);
      case "neurons":
        return this.#neurons(ask.params, signal);
      case "sources":
        return this.#sources(ask.params, signal);
      case "detail":
        return this.#detail(ask, signal);
      case "own":
        return this.#own(ask, signal);
      case "top":
        return this.#top(runId, ask.neuron, signal);
      case "ablate":
        return this.#ablate(ask.params, signal);
      case "prune":
        return this.#prune(ask.params, signal);
      default:
        return assertNever(ask);
    }
  }

  /** What the user ends; what was reached stays to be read. */
  cancel(work?: LayersWork): void {
    for (const kind of work === undefined ? this.#queue.kinds : [work]) {
      if (!this.#queue.kinds.includes(kind)) continue;
      this.#cancelled.add(kind);
      this.#settle(kind);
    }
    this.#queue.cancel(...(work === undefined ? [] : [work]));
  }

  /** Another question is asked: nothing of this run is waited for any more. */
  pause(): void {
    this.#queue.cancel();
  }

  /** One of the samples of the last `top`. */
  neighbour(index: number): Neighbour | undefined {
    return this.#neighbours[index];
  }

  dispose(): void {
    this.#queue.cancel();
  }

  async #conservation(runId: string, signal: AbortSignal): Promise<void> {
    const value = await this.#compute.conservation(
      { runId },
      {
        signal,
        onEvent: (event) => {
          // One that begins anew, after it had made way, starts from less than is known.
          const known = this.#found.get("conservation");
          const points = known?.work === "conservation" ? (known.value?.points ?? 0) : 0;
          if (event.points >= points) this.#find(signal, { work: "conservation", value: event });
          const said = event.points === 0 ? "" : `over ${event.points} points of the path so far`;
          this.#advance("conservation", signal, null, said);
        },
      },
    );
    this.#find(signal, { work: "conservation", value });
  }

  /** What was found of a neuron of another layer is of no use any more. */
  #turnTo(work: "neurons" | "sources", layer: readonly string[]): void {
    const before = this.#found.get(work);
    if (before?.work !== work || before.value === null || String(before.value.layer) === String(layer)) return;
    this.#queue.cancel("detail", "own", "top");
    for (const each of [work, "detail", "own", "top"] as const) this.#forget(each);
  }

  async #neurons(params: NeuronsParams, signal: AbortSignal): Promise<void> {
    const onEvent = (event: NeuronsEvent): void => {
      if (event.type === "progress") this.#advance("neurons", signal, event.progress, evaluationsOf(event));
      else if (event.neurons.values.length <= LARGEST_DRAFT) {
        this.#find(signal, { work: "neurons", value: event.neurons });
      }
    };
    this.#find(signal, { work: "neurons", value: await this.#compute.neurons(params, { signal, onEvent }) });
  }

  async #sources(params: NeuronSourcesParams, signal: AbortSignal): Promise<void> {
    const onEvent = (event: SourcesEvent): void => {
      if (event.type === "progress") this.#advance("sources", signal, event.progress, evaluationsOf(event));
      else this.#find(signal, { work: "sources", value: event.sources });
    };
    this.#find(signal, { work: "sources", value: await this.#compute.neuronSources(params, { signal, onEvent }) });
  }

  async #detail({ runId, layer, neuron }: AskOf<"detail">, signal: AbortSignal): Promise<void> {
    const value = await this.#compute.neuronDetail({ runId, node: neuron.node, neuron: neuron.neuron }, { signal });
    this.#find(signal, { work: "detail", value: { ...value, layer } });
  }

  async #own({ runId, neuron, place }: AskOf<"own">, signal: AbortSignal): Promise<void> {
    const explanation = await this.#compute.neuronAttribution({ runId, ...neuron, place }, { signal });
    this.#find(signal, { work: "own", value: { neuron, explanation } });
    this.#listeners.release(explanation.runId);
  }

  async #ablate(asked: AblateParams, signal: AbortSignal): Promise<void> {
    const params = await this.#withSamples(asked);
    const value = await this.#compute.ablate(params, {
      signal,
      onEvent: ({ stage, done, total }) => this.#advance("ablation", signal, done / total, stage),
    });
    this.#find(signal, { work: "ablation", value });
    const after = value.explanations?.after.runId;
    if (after !== undefined && after !== value.runId) this.#listeners.release(after);
  }

  async #prune(asked: PruneParams, signal: AbortSignal): Promise<void> {
    const params = await this.#withSamples(asked);
    const value = await this.#compute.prune(params, {
      signal,
      onEvent: ({ done, total }) => this.#advance("pruning", signal, done / total, ""),
    });
    this.#find(signal, { work: "pruning", value });
  }

  async #top(runId: string, neuron: FoundSamples["neuron"], signal: AbortSignal): Promise<void> {
    const neighbours = await this.#listeners.neighbours();
    if (signal.aborted) return;
    this.#neighbours = neighbours;
    const samples = neighbours.map(({ sample }) => sample);
    const found =
      samples.length === 0
        ? { samples: [], notes: ["There are no other samples: the data set of this one is not known."] }
        : await this.#compute.topSamples(
            { runId, ...neuron, samples, most: TOP_SAMPLES },
            {
              signal,
              onEvent: ({ done, total }) => this.#advance("top", signal, done / total, `${done} of ${total} samples`),
            },
          );
    const named = found.samples.map((sample) => {
      const { title = "", isShown = false } = neighbours[sample.index] ?? {};
      return { ...sample, title, shown: isShown };
    });
    this.#find(signal, { work: "top", value: { neuron, samples: named, asked: samples.length, notes: found.notes } });
  }

  /** The mean is taken over the samples beside the one that is shown. */
  async #withSamples<P extends AblateParams | PruneParams>(params: P): Promise<P> {
    if (params.value !== "mean") return params;
    return { ...params, samples: (await this.#listeners.neighbours()).map(({ sample }) => sample) };
  }

  #advance(work: LayersWork, signal: AbortSignal, share: number | null, said: string): void {
    if (signal.aborted) return;
    this.#progress.set(work, { share, said });
    this.#tell();
  }

  #find(signal: AbortSignal, found: LayersFound): void {
    if (signal.aborted) return;
    const own = compact(found);
    this.#found.set(found.work, own);
    this.#listeners.post({ type: "layersFound", found: own });
  }

  #forget(work: LayersWork): void {
    if (this.#found.delete(work)) this.#listeners.post({ type: "layersFound", found: { work, value: null } });
  }

  /** A draft that nothing will sharpen any more is a draft, not a run. */
  #settle(work: LayersWork): void {
    const found = this.#found.get(work);
    if (found?.work !== "neurons" && found?.work !== "sources") return;
    if (found.value === null || found.value.status !== "running") return;
    const settled = { work: found.work, value: { ...found.value, status: "cancelled" } } as LayersFound;
    this.#found.set(work, settled);
    this.#listeners.post({ type: "layersFound", found: settled });
  }

  #fail(work: LayersWork, error: unknown): void {
    this.#settle(work);
    // The neurons may be forgotten where the run is not.
    if (isRunLost(error) && work !== "detail") {
      this.#lost = true;
      this.#queue.cancel();
    } else this.#failed.set(work, { work, error: errorViewOf(error) });
  }

  #clear(): void {
    this.#runId = null;
    this.#queue.cancel();
    for (const work of works) this.#forget(work);
    this.#cancelled = new Set();
    this.#failed = new Map();
    this.#progress.clear();
    this.#neighbours = [];
    this.#lost = false;
    this.#listeners.post({ type: "layers", layers: null });
  }

  #tell(): void {
    const runId = this.#runId;
    if (runId === null) return;
    const busy = this.#queue.kinds.map((work, place) => {
      const { share = null, said = "" } = (place === 0 ? this.#progress.get(work) : undefined) ?? {};
      return { work, share, said };
    });
    const [cancelled, failed] = [[...this.#cancelled], [...this.#failed.values()]];
    this.#listeners.post({ type: "layers", layers: { runId, busy, cancelled, failed, lost: this.#lost } });
  }
}

function evaluationsOf({ evaluations }: { readonly evaluations: number }): string {
  return `${evaluations} evaluations`;
}

/** What an answer goes under. */
function workOf(ask: LayersAsk): LayersWork {
  switch (ask.kind) {
    case "ablate":
      return "ablation";
    case "prune":
      return "pruning";
    default:
      return ask.kind;
  }
}
