import type { PathNodes } from "../pathNodes.ts";
import { type Assessment, difference, l1, sharesByCell } from "./assessment.ts";
import { gapWeights, totalWeights } from "./interpolation.ts";
import { addFamilyDifference, addSegment, type Family, type Leaf, makeLeaves, makeSegment } from "./leaf.ts";

/** Nothing narrower is bisected: float32 cannot tell its nodes apart in a model's output. */
export const leastWidth = 1e-5;

/** Leaves in order, covering [0, 1]. Never changed: a bisection makes another mesh. */
export interface Mesh {
  readonly leaves: readonly Leaf[];
}

/** Two families on the nine nodes of the first batch. */
export function firstMesh(nodes: PathNodes, order: readonly number[]): Mesh {
  const triple = (a: number, m: number, b: number) =>
    makeSegment(nodes, { a: order[a] as number, m: order[m] as number, b: order[b] as number });
  const families: Family[] = [0, 4].map((k) => ({
    parent: triple(k, k + 2, k + 4),
    left: triple(k, k + 1, k + 2),
    right: triple(k + 2, k + 3, k + 4),
    above: null,
  }));
  return { leaves: families.flatMap((family) => makeLeaves(nodes, family)) };
}

/** The nodes that bisecting a leaf needs: the middles of its two halves. */
export function newNodes(nodes: PathNodes, leaf: Leaf): [number, number] {
  const { a, m, b } = leaf.segment;
  const [ta, tm, tb] = [nodes.alphas[a] as number, nodes.alphas[m] as number, nodes.alphas[b] as number];
  return [(ta + tm) / 2, (tm + tb) / 2];
}

/** The mesh with these leaves bisected; their new nodes have been evaluated. */
export function bisect(nodes: PathNodes, mesh: Mesh, chosen: ReadonlySet<Leaf>): Mesh {
  const index = (alpha: number): number => nodes.indexOf(alpha) as number;
  const leaves = mesh.leaves.flatMap((leaf) => {
    if (!chosen.has(leaf)) return [leaf];
    const { a, m, b } = leaf.segment;
    const [left, right] = newNodes(nodes, leaf);
    return makeLeaves(nodes, {
      parent: leaf.segment,
      left: makeSegment(nodes, { a, m: index(left), b: m }),
      right: makeSegment(nodes, { a: m, m: index(right), b }),
      above: leaf.family,
    });
  });
  return { leaves };
}

/** The same mesh for nodes of another grain. */
export function regrainMesh(nodes: PathNodes, mesh: Mesh): Mesh {
  const remade = new Map<Family, [Leaf, Leaf]>();
  const leaves = mesh.leaves.map((leaf) => {
    const pair = remade.get(leaf.family) ?? makeLeaves(nodes, leaf.family);
    remade.set(leaf.family, pair);
    return pair[0].segment === leaf.segment ? pair[0] : pair[1];
  });
  return { leaves };
}

/** The fewest leaves that hold `part` of the error and are wide enough to bisect, worst first. */
export function worstLeaves(mesh: Mesh, part: number): Leaf[] {
  const wide = mesh.leaves.filter(({ segment }) => segment.to - segment.from > leastWidth);
  const ranked = wide.toSorted((left, right) => right.error - left.error);
  const goal = part * ranked.reduce((sum, leaf) => sum + leaf.error, 0);
  let held = 0;
  const count = ranked.findIndex((leaf) => {
    held += leaf.error;
    return held >= goal;
  });
  return ranked.slice(0, count + 1).filter((leaf) => leaf.error > 0);
}

/**
 * The corrected integral of all leaves. Its error comes from three sides: what the last bisections changed, what an
 * interpolation through four nodes a gap disagrees with, and what f says was missed. Four nodes, not more: where leaves
 * of very different width meet, higher polynomials swing, and then say nothing.
 */
export function assessMesh(nodes: PathNodes, mesh: Mesh): Assessment {
  const weights = new Float64Array(nodes.count);
  const changeCorrected = new Float64Array(nodes.count);
  const changePlain = new Float64Array(nodes.count);
  let missed = 0;
  for (const { segment, family, share } of mesh.leaves) {
    addSegment(weights, segment, "corrected", 1);
    addFamilyDifference(changeCorrected, family, "corrected", share);
    addFamilyDifference(changePlain, family, "plain", share);
    missed += Math.abs(segment.residual);
  }
  const cells = nodes.combineCells(weights);
  const change = Math.max(l1(nodes.combineCells(changeCorrected)), l1(nodes.combineCells(changePlain)));
  const disagreement = difference(nodes.combineCells(highOrder(nodes, mesh)), cells);
  return {
    weights,
    cells,
    error: Math.max(Math.min(change, Math.max(2 * l1(disagreement), 0.6 * change)), missed),
    intervals: mesh.leaves.map(({ segment, error }) => ({ from: segment.from, to: segment.to, error })),
    cellShares: sharesByCell(nodes, disagreement, weights),
  };
}

/** Node indices of a mesh, ascending on the path. */
export function meshNodes(mesh: Mesh): number[] {
  const last = mesh.leaves.at(-1);
  const order = mesh.leaves.flatMap(({ segment: { a, m } }) => [a, m]);
  return last === undefined ? order : [...order, last.segment.b];
}

/** Every gap of the mesh integrated by the polynomial through its four nearest nodes, as weights by node index. */
function highOrder(nodes: PathNodes, mesh: Mesh): Float64Array {
  const order = meshNodes(mesh);
  const ts = order.map((index) => nodes.alphas[index] as number);
  const local = totalWeights(gapWeights(ts, 4), ts.length);
  const weights = new Float64Array(nodes.count);
  for (const [j, index] of order.entries()) weights[index] = local[j] as number;
  return weights;
}
