import type { PathNodes } from "../pathNodes.ts";
import { type Assessment, difference, l1, sharesByCell, total } from "./assessment.ts";
import { gapResiduals, gapWeights, totalWeights } from "./interpolation.ts";

/**
 * A rule with given weights. `order` lists its nodes and both ends of the path, ascending; the ends may have weight 0.
 *
 * The same nodes, integrated gap by gap through their six nearest, are a second opinion. The error is the largest of:
 * twice the difference between the two; what interpolations of degree five and three disagree about; what f contradicts,
 * summed over the gaps; and half of every jump of g between two nodes that its neighbours do not lead one to expect, times
 * the gap, for a bend may lie anywhere in it. That is too high for Gauss–Legendre on smooth paths, where it is far better
 * than any interpolation on the same nodes; it is meant not to be too low.
 */
export function assessFixed(nodes: PathNodes, order: readonly number[], weights: Float64Array): Assessment {
  const ts = order.map((index) => nodes.alphas[index] as number);
  const fine = gapWeights(ts, 6);
  const coarse = gapWeights(ts, 4);
  const cells = nodes.combineCells(weights);
  const disagreement = difference(nodes.combineCells(byIndex(nodes, order, totalWeights(fine, ts.length))), cells);
  const bent = difference(
    nodes.combineCells(byIndex(nodes, order, totalWeights(fine, ts.length))),
    nodes.combineCells(byIndex(nodes, order, totalWeights(coarse, ts.length))),
  );
  const f = order.map((index) => nodes.f[index] as number);
  const slopes = order.map((index) => nodes.slopes[index] as number);
  const residuals = gapResiduals(fine, f, slopes).map(Math.abs);
  return {
    weights,
    cells,
    error: Math.max(2 * l1(disagreement), l1(bent), total(residuals), hiddenBends(nodes, order, ts)),
    intervals: [...residuals].map((error, k) => ({ from: ts[k] as number, to: ts[k + 1] as number, error })),
    cellShares: sharesByCell(nodes, disagreement, weights),
  };
}

function byIndex(nodes: PathNodes, order: readonly number[], local: Float64Array): Float64Array {
  const weights = new Float64Array(nodes.count);
  for (const [j, index] of order.entries()) weights[index] = local[j] as number;
  return weights;
}

/**
 * ¼ Σ h |Δg − the mean of what the slopes of g in the neighbouring gaps predict|₁. A jump of g in one gap is seen there
 * whole and half in each neighbour, which makes it ½ h |jump|: the most that it can be off by.
 */
function hiddenBends(nodes: PathNodes, order: readonly number[], ts: readonly number[]): number {
  const cells = order.map((index) => nodes.cells(index));
  const widths = ts.slice(1).map((t, k) => t - (ts[k] as number));
  const slope = (gap: number, cell: number): number =>
    ((cells[gap + 1]?.[cell] as number) - (cells[gap]?.[cell] as number)) / (widths[gap] as number);
  let sum = 0;
  for (const [gap, width] of widths.entries()) {
    const neighbours = [gap - 1, gap + 1].filter((other) => other >= 0 && other < widths.length);
    for (let cell = 0; cell < nodes.grain.cellCount; cell++) {
      const expected = neighbours.reduce((mean, other) => mean + slope(other, cell) / neighbours.length, 0);
      sum += (width * width * Math.abs(slope(gap, cell) - expected)) / 4;
    }
  }
  return sum;
}
