/** How alike two attribution maps are. Both take the maps as flat arrays of cells in the same order. */

/** Ranks from 1; equal values share the mean of their ranks. */
function ranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_unused, index) => index);
  order.sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const result = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to] ?? 0] === values[order[from] ?? 0]) to++;
    for (let i = from; i < to; i++) result[order[i] ?? 0] = (from + to + 1) / 2;
    from = to;
  }
  return result;
}

/** Spearman's rank correlation with ties; null for different lengths, fewer than two cells, or a constant map. */
export function rankCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  if (a.length !== b.length || a.length < 2) return null;
  const [rankA, rankB] = [ranks(a), ranks(b)];
  const mean = (a.length + 1) / 2;
  let [product, squareA, squareB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [da, db] = [(rankA[i] ?? 0) - mean, (rankB[i] ?? 0) - mean];
    product += da * db;
    squareA += da * da;
    squareB += db * db;
  }
  return squareA === 0 || squareB === 0 ? null : product / Math.sqrt(squareA * squareB);
}

/** Share of the strongest cells (by magnitude, at least one) that both maps have; null for different lengths or no cell. */
export function topOverlap(a: ArrayLike<number>, b: ArrayLike<number>, share = 0.1): number | null {
  if (a.length !== b.length || a.length === 0) return null;
  const count = Math.max(1, Math.round(a.length * share));
  const inA = strongest(a, count);
  return [...strongest(b, count)].filter((index) => inA.has(index)).length / count;
}

function strongest(values: ArrayLike<number>, count: number): Set<number> {
  const order = Array.from({ length: values.length }, (_unused, index) => index);
  order.sort((i, j) => Math.abs(values[j] ?? 0) - Math.abs(values[i] ?? 0) || i - j);
  return new Set(order.slice(0, count));
}
