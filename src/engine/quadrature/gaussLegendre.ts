import type { NodesAndWeights } from "./rules.ts";

/**
 * Gauss–Legendre on [0, 1], by Newton's method on the Legendre polynomial from Tricomi's start (Press et al.,
 * Numerical Recipes, section 4.6). Exact for polynomials of degree 2n − 1; nodes good to 1e-15 for n up to 2000 at least.
 */
export function gaussLegendre(n: number): NodesAndWeights {
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < Math.ceil(n / 2); i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let step = 0; step < 100; step++) {
      let [previous, value] = [1, x];
      for (let k = 2; k <= n; k++) [previous, value] = [value, ((2 * k - 1) * x * value - (k - 1) * previous) / k];
      slope = (n * (x * value - previous)) / (x * x - 1);
      const change = value / slope;
      x -= change;
      if (Math.abs(change) < 1e-15) break;
    }
    const weight = 1 / ((1 - x * x) * slope * slope);
    nodes[i] = (1 - x) / 2;
    nodes[n - 1 - i] = (1 + x) / 2;
    weights[i] = weight;
    weights[n - 1 - i] = weight;
  }
  if (n % 2 === 1) nodes[(n - 1) / 2] = 0.5;
  return { nodes, weights };
}
