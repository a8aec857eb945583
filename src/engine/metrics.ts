/** Spearman's rank correlation of two maps, ties by their mean rank; null where one of them is constant. */
export function rankCorrelation(left: ArrayLike<number>, right: ArrayLike<number>): number | null {
  const [a, b] = [ranks(left), ranks(right)];
  const mean = (a.length - 1) / 2;
  let [covariance, varianceA, varianceB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [da, db] = [(a[i] as number) - mean, (b[i] as number) - mean];
    covariance += da * db;
    varianceA += da * da;
    varianceB += db * db;
  }
  return varianceA > 0 && varianceB > 0 ? covariance / Math.sqrt(varianceA * varianceB) : null;
}

/** Part, 0 to 1, that the strongest tenths (by magnitude, at least one value) of two maps have in common. */
export function strongestOverlap(left: ArrayLike<number>, right: ArrayLike<number>, part = 0.1): number {
  const count = Math.max(1, Math.round(part * left.length));
  const strongest = (values: ArrayLike<number>): number[] =>
    Array.from(values, (_, index) => index)
      .sort((i, j) => Math.abs(values[j] as number) - Math.abs(values[i] as number))
      .slice(0, count);
  const others = new Set(strongest(right));
  return strongest(left).filter((index) => others.has(index)).length / count;
}

/** Rank from 0 of each value; equal values share the mean of their ranks. */
function ranks(values: ArrayLike<number>): Float64Array {
  const value = (index: number): number => values[index] as number;
  const order = Array.from(values, (_, index) => index).sort((i, j) => value(i) - value(j));
  const result = new Float64Array(order.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && value(order[to] as number) === value(order[from] as number)) to++;
    for (let k = from; k < to; k++) result[order[k] as number] = (from + to - 1) / 2;
    from = to;
  }
  return result;
}
