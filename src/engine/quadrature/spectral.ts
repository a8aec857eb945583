import type { PathNodes } from "../pathNodes.ts";
import { type Assessment, difference, l1, sharesByCell, total } from "./assessment.ts";
import { gapResiduals, gapWeights, totalWeights } from "./interpolation.ts";

/** Nodes of the first batch on [0, 1]: the extrema of the Chebyshev polynomial of degree `intervals`, ascending. */
export function chebyshevNodes(intervals: number): number[] {
  return Array.from({ length: intervals + 1 }, (_, j) => {
    if (2 * j === intervals) return 0.5;
    return (1 - Math.cos((Math.PI * j) / intervals)) / 2;
  });
}

/**
 * Clenshaw–Curtis on the nine nodes of the first batch, for paths that are smooth. The error is the difference to the
 * nested rule of five nodes, shrunk as far as the decay of the Chebyshev coefficients and of the nested differences
 * allows, and never less than a quarter of what f itself contradicts.
 */
export function assessSpectral(nodes: PathNodes, order: readonly number[]): Assessment {
  const ts = order.map((index) => nodes.alphas[index] as number);
  const rules = [1, 2, 4].map((stride) => nestedRule(nodes, order, ts, stride));
  const [fine, middle, coarse] = rules as [Float64Array, Float64Array, Float64Array];
  const cells = nodes.combineCells(fine);
  const disagreement = difference(cells, nodes.combineCells(middle));
  const D = l1(disagreement);
  const coarser = l1(difference(nodes.combineCells(middle), nodes.combineCells(coarse)));
  const ratio = coarser > 0 ? D / coarser : D > 0 ? 1 : 0;

  const q = Math.max(coefficientDecay(nodes, order), ratio);
  const gaps = gapWeights(ts, ts.length);
  const residuals = gapResiduals(
    gaps,
    order.map((index) => nodes.f[index] as number),
    order.map((index) => nodes.slopes[index] as number),
  ).map(Math.abs);
  return {
    weights: fine,
    cells,
    error: Math.max(D * Math.min(1, 2 * q * q), total(residuals) / 4),
    intervals: [...residuals].map((error, k) => ({ from: ts[k] as number, to: ts[k + 1] as number, error })),
    cellShares: sharesByCell(nodes, disagreement, fine),
  };
}

function nestedRule(nodes: PathNodes, order: readonly number[], ts: readonly number[], stride: number): Float64Array {
  const kept = order.filter((_, j) => j % stride === 0);
  const local = totalWeights(
    gapWeights(
      ts.filter((_, j) => j % stride === 0),
      kept.length,
    ),
    kept.length,
  );
  const weights = new Float64Array(nodes.count);
  for (const [j, index] of kept.entries()) weights[index] = local[j] as number;
  return weights;
}

/** How fast the L1 norms of the vector Chebyshev coefficients fall, the last pair against the pair before. */
function coefficientDecay(nodes: PathNodes, order: readonly number[]): number {
  const n = order.length - 1;
  const norms = Array.from({ length: n + 1 }, (_, k) => {
    const weights = new Float64Array(nodes.count);
    for (const [j, index] of order.entries()) {
      const end = (j === 0 || j === n ? 0.5 : 1) * (k === 0 || k === n ? 0.5 : 1);
      weights[index] = (2 / n) * end * Math.cos((Math.PI * j * k) / n);
    }
    return l1(nodes.combineCells(weights));
  });
  const norm = (k: number): number => norms[k] as number;
  const high = norm(n - 1) + norm(n);
  if (high / 2 < 1e-10 * Math.max(...norms)) return 0;
  const lower = norm(n - 3) + norm(n - 2);
  return lower > 0 ? high / lower : 1;
}
