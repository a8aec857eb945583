/**
 * The weights W, [intervals, points], with ∫ a dH ≈ Σ over intervals k of (Σ W[k][p] a(t_p)) · (H(t_{k+1}) − H(t_k)), for
 * points that ascend, two at least: a and H are parabolas through three neighbouring points each, over both of their
 * intervals at once (exact for polynomials up to degree 2), and lines over an interval that is left (the trapezoid).
 */
export function stretchWeights(ts: readonly number[]): number[][] {
  const weights = Array.from({ length: ts.length - 1 }, () => new Array<number>(ts.length).fill(0));
  for (let from = 0; from < ts.length - 1; from += 2) {
    const own = bilinearWeights(ts.slice(from, from + 3));
    for (const [p, row] of own.entries()) {
      // H(t_q) as the sum of the changes before: a constant H has no weight.
      for (let k = 0, sum = 0; k < row.length - 1; k++) {
        sum -= row[k] as number;
        (weights[from + k] as number[])[from + p] = sum;
      }
    }
  }
  return weights;
}

/** W with ∫ a dH = Σ W[p][q] a(t_p) H(t_q) for the polynomials a and H through the points, over their whole interval. */
function bilinearWeights(ts: readonly number[]): number[][] {
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
