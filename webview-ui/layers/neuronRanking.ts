import { rankByStrength } from "../../src/common/mapLayout.ts";
import type { Neurons } from "../../src/protocol/neurons.ts";

/** What the neurons of a layer are ranked by, beside the names of patches. */
export const WHOLE = "whole";
export const DIFFERENCE = "difference";

export interface RankedNeurons {
  /** What each neuron is ranked by, and the error of it; by the neuron's place in the layer. */
  readonly values: Float32Array;
  readonly errors: Float32Array;
  /** Places, strongest first; those that are not finite stand at the end. */
  readonly order: Uint32Array;
  /** Of all values with their errors: how far bars must reach to the left and to the right. */
  readonly low: number;
  readonly high: number;
}

export interface RankChoice {
  readonly value: string;
  readonly label: string;
}

export function rankChoices(neurons: Neurons | null, whole: string): readonly RankChoice[] {
  const named = neurons?.patches ?? [];
  const [a, b] = named;
  return [
    ...named.map(({ name }) => ({ value: name, label: name })),
    ...(a !== undefined && b !== undefined ? [{ value: DIFFERENCE, label: `${a.name} − ${b.name}` }] : []),
    { value: WHOLE, label: whole },
  ];
}

/** What a neuron gets of a patch: its row of [patches × neurons]. */
export function patchRow(neurons: Neurons, patch: number, of: "values" | "errors" = "values"): Float32Array {
  const count = neurons.conductance.length;
  return neurons[of].subarray(patch * count, (patch + 1) * count);
}

/** The rank that is wanted, or the whole where its patch is not there. */
export function knownRank(neurons: Neurons, wanted: string): string {
  if (wanted === DIFFERENCE) return neurons.patches.length > 1 ? DIFFERENCE : WHOLE;
  return neurons.patches.some(({ name }) => name === wanted) ? wanted : WHOLE;
}

function ranked(neurons: Neurons, rank: string): { values: Float32Array; errors: Float32Array } {
  if (rank === DIFFERENCE) {
    const [a, b] = [patchRow(neurons, 0), patchRow(neurons, 1)];
    const [errorsA, errorsB] = [patchRow(neurons, 0, "errors"), patchRow(neurons, 1, "errors")];
    return {
      values: a.map((value, at) => value - (b[at] ?? 0)),
      errors: errorsA.map((error, at) => error + (errorsB[at] ?? 0)),
    };
  }
  const patch = neurons.patches.findIndex(({ name }) => name === rank);
  if (patch < 0) return { values: neurons.conductance, errors: neurons.conductanceErrors };
  return { values: patchRow(neurons, patch), errors: patchRow(neurons, patch, "errors") };
}

export function rankNeurons(neurons: Neurons, wanted: string): RankedNeurons {
  const { values, errors } = ranked(neurons, knownRank(neurons, wanted));
  const { order } = rankByStrength(values.map((value) => (Number.isFinite(value) ? value : 0)));
  let low = 0;
  let high = 0;
  values.forEach((value, at) => {
    const error = errors[at] ?? 0;
    if (!Number.isFinite(value) || !Number.isFinite(error)) return;
    low = Math.min(low, value - error);
    high = Math.max(high, value + error);
  });
  return { values, errors, order, low, high };
}

/** Places of the neurons whose number begins with what is searched for; all where nothing is. */
export function searched(order: Uint32Array, nodes: Neurons["nodes"], search: string): Uint32Array {
  const wanted = search.trim();
  if (wanted === "") return order;
  return order.filter((place) => {
    const node = nodes.find(({ offset, count }) => place >= offset && place < offset + count);
    return node !== undefined && String(place - node.offset).startsWith(wanted);
  });
}
