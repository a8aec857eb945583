import type { PathNodes } from "../pathNodes.ts";
import { type Assessment, difference, l1, sharesByCell, total } from "./assessment.ts";
import { gapResiduals, gapWeights, totalWeights } from "./interpolation.ts";

/**
 * A rule with given weights. `order` lists its nodes and both ends of the path, ascending; the ends may have weight 0.
 *
 * The same nodes, integrated gap by gap through their six nearest, are a second opinion. The error is the larger of
 * twice the difference between the two and, summed over the gaps, what f contradicts or interpolations of degree five
 * and three disagree about. That is too high for Gauss–Legendre on smooth paths, where it is far better than any
 * interpolation on the same nodes; it is not too low where the nodes are too few for a bend in the path, as long as f
 * shows it.
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
    error: Math.max(2 * l1(disagreement), l1(bent), total(residuals)),
    intervals: [...residuals].map((error, k) => ({ from: ts[k] as number, to: ts[k + 1] as number, error })),
    cellShares: sharesByCell(nodes, disagreement, weights),
  };
}

function byIndex(nodes: PathNodes, order: readonly number[], local: Float64Array): Float64Array {
  const weights = new Float64Array(nodes.count);
  for (const [j, index] of order.entries()) weights[index] = local[j] as number;
  return weights;
}
