import { gaussLegendre } from "./gaussLegendre.ts";

/** The integral over the gap [t_k, t_{k+1}] as weights of the nodes `first`, `first + 1`, … */
export interface GapWeights {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * For every gap between neighbouring nodes, the integral of the polynomial through the `window` nodes nearest to it.
 * `ts` ascending. With a window of all nodes the sum over the gaps is the interpolatory rule (Clenshaw–Curtis on
 * Chebyshev points).
 */
export function gapWeights(ts: readonly number[], window: number): GapWeights[] {
  const width = Math.min(window, ts.length);
  const rule = gaussLegendre(Math.ceil(width / 2));
  const gaps: GapWeights[] = [];
  for (let k = 0; k + 1 < ts.length; k++) {
    const from = at(ts, k);
    const to = at(ts, k + 1);
    const first = nearestWindow(ts, k, width);
    const weights = new Float64Array(width);
    for (const [q, node] of rule.nodes.entries()) {
      const t = from + (to - from) * node;
      const scale = (to - from) * (rule.weights[q] as number);
      for (let j = 0; j < width; j++) {
        weights[j] = (weights[j] as number) + scale * lagrange(ts, first, width, j, t);
      }
    }
    gaps.push({ first, weights });
  }
  return gaps;
}

/** Sum over the gaps: one weight a node. */
export function totalWeights(gaps: readonly GapWeights[], nodes: number): Float64Array {
  const total = new Float64Array(nodes);
  for (const { first, weights } of gaps) {
    for (const [j, weight] of weights.entries()) total[first + j] = (total[first + j] as number) + weight;
  }
  return total;
}

/** Per gap, the change of f minus the integral of the interpolated derivative `slopes` (both one value a node). */
export function gapResiduals(
  gaps: readonly GapWeights[],
  f: ArrayLike<number>,
  slopes: ArrayLike<number>,
): Float64Array {
  return Float64Array.from(gaps, ({ first, weights }, k) => {
    let integral = 0;
    for (const [j, weight] of weights.entries()) integral += weight * at(slopes, first + j);
    return at(f, k + 1) - at(f, k) - integral;
  });
}

function nearestWindow(ts: readonly number[], gap: number, width: number): number {
  let first = gap;
  let last = gap + 1;
  const middle = (at(ts, gap) + at(ts, gap + 1)) / 2;
  while (last - first + 1 < width) {
    const left = first > 0 ? middle - at(ts, first - 1) : Number.POSITIVE_INFINITY;
    const right = last + 1 < ts.length ? at(ts, last + 1) - middle : Number.POSITIVE_INFINITY;
    if (left <= right) first--;
    else last++;
  }
  return first;
}

function lagrange(ts: readonly number[], first: number, width: number, j: number, t: number): number {
  const own = at(ts, first + j);
  let value = 1;
  for (let i = 0; i < width; i++) {
    if (i !== j) value *= (t - at(ts, first + i)) / (own - at(ts, first + i));
  }
  return value;
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}
