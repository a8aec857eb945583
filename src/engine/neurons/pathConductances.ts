import { breathe, throwIfCancelled } from "../../common/cancellation.ts";
import type { NodeId } from "../port.ts";
import type { LayerFlow } from "./cuts.ts";
import type { LayerPath } from "./layerGradient.ts";
import { type AxisOf, type LayerIncrement, layerIncrements } from "./layerIncrements.ts";

export interface PathConductancesOptions extends Omit<LayerPath, "layer"> {
  readonly flow: LayerFlow;
  readonly axisOf: AxisOf;
  readonly signal?: AbortSignal | undefined;
  /** After each pass: intervals of the path that are in the sums, of all. Must not throw. */
  readonly onPass?: ((done: number, of: number) => void) | undefined;
}

/** A node's conductances, or why there are none. */
export type NodeConductance = LayerIncrement | { readonly refused: string };

/** Points of one pass at most, what they may take of memory, and how long they may: until then no cancel is seen. */
const MOST_POINTS = 9;
const MOST_BYTES = 2 ** 30;
const MOST_MS = 450;

/**
 * Conductances of all layers between the explained inputs and the score, from values and gradients at points of a path
 * alone: ∫ ∂F/∂H dH, both taken for parabolas through three neighbouring points (see `stretchWeights`). No derivative of H
 * is taken, so that it is independent of those that `LayerIntegrand` takes. A forward and a backward pass a point for all
 * layers. What was summed when it is cancelled stays, and `complete` goes on from there.
 */
export class PathConductances {
  readonly alphas: readonly number[];
  readonly #sums = new Map<NodeId, LayerIncrement>();
  readonly #refused = new Map<NodeId, string>();
  /** The point that the stretch to come starts from: all before is in the sums. */
  #from = 0;
  /** Intervals of the next stretch; three points have one parabola. */
  #intervals = 2;
  #seconds = 0;

  /** Points of the path, ascending, 0 and 1 among them; three at least. */
  constructor(alphas: readonly number[]) {
    this.alphas = alphas;
  }

  get isComplete(): boolean {
    return this.#from >= this.alphas.length - 1;
  }

  /** What its passes have taken. */
  get seconds(): number {
    return this.#seconds;
  }

  /** The same model, path and score each time. Throws `cancelled` and what the model throws. */
  async complete(options: PathConductancesOptions): Promise<Map<NodeId, NodeConductance>> {
    while (!this.isComplete) {
      throwIfCancelled(options.signal);
      await this.#add(options);
      options.onPass?.(this.#from, this.alphas.length - 1);
      await breathe();
    }
    const found = new Map<NodeId, NodeConductance>();
    for (const { spec } of options.flow.nodes) {
      const refused = this.#refused.get(spec.id);
      const sum = refused === undefined ? this.#sums.get(spec.id) : undefined;
      found.set(spec.id, sum ?? { refused: refused ?? "The score does not depend on it." });
    }
    return found;
  }

  async #add({ flow, axisOf, ...path }: PathConductancesOptions): Promise<void> {
    const start = performance.now();
    const alphas = this.alphas.slice(this.#from, this.#from + this.#intervals + 1);
    const { increments, refused, bytesPerPoint } = await layerIncrements(path, flow, axisOf, alphas);
    for (const [id, reason] of refused) this.#refused.set(id, reason);
    for (const [id, increment] of increments) this.#sum(id, increment);
    this.#from += alphas.length - 1;
    const ms = performance.now() - start;
    this.#seconds += ms / 1000;
    const points = Math.min(
      MOST_POINTS,
      2 * alphas.length - 1,
      MOST_MS / (ms / alphas.length),
      MOST_BYTES / bytesPerPoint,
    );
    // Whole parabolas.
    this.#intervals = Math.max(2, 2 * Math.floor((points - 1) / 2));
  }

  #sum(id: NodeId, { shape, neurons, places }: LayerIncrement): void {
    const known = this.#sums.get(id);
    if (known === undefined) this.#sums.set(id, { shape, neurons, places });
    else if (String(known.shape) !== String(shape)) this.#refused.set(id, "It has no axis for the samples of a batch.");
    else {
      addTo(known.neurons, neurons);
      if (known.places !== null && places !== null) addTo(known.places, places);
    }
  }
}

function addTo(sums: Float64Array, more: Float64Array): void {
  for (const [i, value] of more.entries()) sums[i] = (sums[i] as number) + value;
}
