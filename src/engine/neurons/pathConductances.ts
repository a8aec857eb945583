import { breathe, throwIfCancelled } from "../../common/cancellation.ts";
import type { NodeId, NodeSpec } from "../port.ts";
import type { LayerFlow } from "./cuts.ts";
import { layerMap, sumByNeuron, sumByPlace } from "./layer.ts";
import type { LayerPath } from "./layerGradient.ts";
import { type LayerSlice, layerSlices } from "./layerSlices.ts";

export interface PathConductancesOptions extends Omit<LayerPath, "layer"> {
  readonly flow: LayerFlow;
  /** Points of the path, ascending, 0 and 1 among them; three at least. */
  readonly alphas: readonly number[];
  /** Axis of the neurons in a node. */
  readonly axisOf: (spec: NodeSpec, shape: readonly number[]) => number;
  readonly signal?: AbortSignal | undefined;
}

/** A node's conductances, or why there are none. */
export type NodeConductance =
  | {
      readonly shape: readonly number[];
      readonly neurons: Float64Array;
      /** Σ over the neurons at each place, of a node with one axis beside that of the neurons; null of others. */
      readonly places: Float64Array | null;
    }
  | { readonly refused: string };

/** Values of all layers that are looked at in one pass: each is held at three points, twice. */
const MOST_VALUES = 20e6;
/** Points of one pass at most, and what the tape may hold of them. */
const MOST_POINTS = 8;
const MOST_BYTES = 2 ** 29;

interface Point {
  readonly alpha: number;
  readonly slices: ReadonlyMap<NodeId, { readonly value: Float32Array; readonly gradient: Float32Array }>;
}

/**
 * Conductances of all layers between the explained inputs and the score, from values and gradients at points of a path
 * alone: ∫ ∂F/∂H dH, both taken for parabolas through three neighbouring points (exact for polynomials up to degree 2 in
 * H and in ∂F/∂H; with two points it would be the trapezoid, differences times averaged gradients). No derivative of H
 * is taken, so that it is independent of those that `LayerIntegrand` takes. A forward and a backward pass a point for as
 * many layers as fit into memory. Throws `cancelled` and what the model throws.
 */
export async function pathConductances(options: PathConductancesOptions): Promise<Map<NodeId, NodeConductance>> {
  const found = new Map<NodeId, NodeConductance>();
  for (const group of groupsOf(options.flow)) {
    for (const [id, conductance] of await conductancesOf(options, group)) found.set(id, conductance);
  }
  return found;
}

/** Layers that are looked at together; sizes as far as the model says them. */
function groupsOf({ nodes }: LayerFlow): Set<NodeId>[] {
  const groups: Set<NodeId>[] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const { spec } of nodes) {
    const own = spec.shape.slice(1).reduce<number>((product, side) => product * (side ?? 64), 1);
    if (size + own > MOST_VALUES) {
      groups.push(new Set());
      size = 0;
    }
    groups.at(-1)?.add(spec.id);
    size += own;
  }
  return groups;
}

async function conductancesOf(
  options: PathConductancesOptions,
  group: ReadonlySet<NodeId>,
): Promise<Map<NodeId, NodeConductance>> {
  const { flow, alphas, axisOf, signal } = options;
  const specs = new Map(flow.nodes.map(({ spec }) => [spec.id, spec]));
  const sums = new Map<NodeId, { readonly shape: readonly number[]; readonly sum: Float64Array }>();
  const refusals = new Map<NodeId, string>();
  let window: Point[] = [];
  let most = 2;
  for (let from = 0; from < alphas.length; ) {
    throwIfCancelled(signal);
    // A last point by itself would not show the axis of the batch.
    const left = alphas.length - from;
    const count = left - most === 1 ? most + 1 : Math.min(most, left);
    const part = alphas.slice(from, from + count);
    const rows = part.length === 1 ? [...part, ...part] : part;
    const { slices, refused, bytesPerPoint } = await layerSlices(options, flow, group, rows);
    for (const [id, reason] of refused) if (group.has(id)) refusals.set(id, reason);
    for (const [id, { shape }] of slices) {
      const size = shape.reduce((product, side) => product * side, 1);
      if (!sums.has(id)) sums.set(id, { shape, sum: new Float64Array(size) });
    }
    for (const [k, alpha] of part.entries()) {
      window.push({ alpha, slices: pointOf(slices, k) });
      if (window.length < 3) continue;
      addTriple(sums, window);
      window = window.slice(-1);
    }
    from += part.length;
    most = Math.max(2, Math.min(MOST_POINTS, Math.floor(MOST_BYTES / Math.max(1, bytesPerPoint))));
    await breathe();
  }
  // An even number of points leaves one interval over.
  if (window.length === 2) addTriple(sums, window);
  const found = new Map<NodeId, NodeConductance>();
  for (const id of group) {
    const [sum, spec] = [sums.get(id), specs.get(id)];
    if (sum === undefined || spec === undefined) {
      found.set(id, { refused: refusals.get(id) ?? "The score does not depend on it." });
      continue;
    }
    const shape = sum.shape.length === 0 ? [1] : sum.shape;
    const node = { id, shape, axis: axisOf(spec, shape) };
    found.set(id, {
      shape,
      neurons: sumByNeuron(layerMap([node]), sum.sum),
      places: sumByPlace(node, sum.sum),
    });
  }
  return found;
}

function pointOf(slices: ReadonlyMap<NodeId, LayerSlice>, row: number): Point["slices"] {
  const none = new Float32Array();
  return new Map(
    [...slices].map(([id, { values, gradients }]) => [
      id,
      { value: values[row] ?? none, gradient: gradients[row] ?? none },
    ]),
  );
}

function addTriple(sums: ReadonlyMap<NodeId, { readonly sum: Float64Array }>, points: readonly Point[]): void {
  const weights = bilinearWeights(points.map(({ alpha }) => alpha));
  for (const [id, { sum }] of sums) {
    const at = points.map(({ slices }) => slices.get(id));
    for (const [p, row] of weights.entries()) {
      const gradient = at[p]?.gradient;
      if (gradient === undefined) continue;
      for (const [q, weight] of row.entries()) {
        const value = at[q]?.value;
        if (value === undefined) continue;
        for (let i = 0; i < sum.length; i++) {
          const product = weight * (gradient[i] as number) * (value[i] as number);
          sum[i] = (sum[i] as number) + product;
        }
      }
    }
  }
}

/** W with ∫ a dH = Σ W[p][q] a(t_p) H(t_q) for the polynomials a and H through the points, over their whole interval. */
export function bilinearWeights(ts: readonly number[]): number[][] {
  const [first, last] = [ts[0] as number, ts.at(-1) as number];
  const half = (last - first) / 2;
  // Gauss–Legendre on two nodes: exact up to degree 3, which a L' of two parabolas has.
  const nodes = [-1, 1].map((sign) => first + half * (1 + sign / Math.sqrt(3)));
  return ts.map((_, p) =>
    ts.map((_each, q) => nodes.reduce((sum, t) => sum + half * lagrange(ts, p, t) * lagrangeSlope(ts, q, t), 0)),
  );
}

function lagrange(ts: readonly number[], k: number, t: number): number {
  return ts.reduce(
    (product, other, j) => (j === k ? product : (product * (t - other)) / ((ts[k] as number) - other)),
    1,
  );
}

function lagrangeSlope(ts: readonly number[], k: number, t: number): number {
  return ts.reduce((sum, left, i) => {
    if (i === k) return sum;
    const others = ts.reduce(
      (product, other, j) => (j === k || j === i ? product : (product * (t - other)) / ((ts[k] as number) - other)),
      1 / ((ts[k] as number) - left),
    );
    return sum + others;
  }, 0);
}
