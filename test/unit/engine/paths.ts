import type { PathIntegrand } from "../../../src/engine/pathIntegrand.ts";
import { gaussLegendre } from "../../../src/engine/quadrature/gaussLegendre.ts";

/** A function of x with its gradient, both given by hand, along the path from `baseline` to `x`. */
export interface Example {
  readonly x: readonly number[];
  readonly baseline: readonly number[];
  readonly f: (x: readonly number[]) => number;
  readonly gradient: (x: readonly number[]) => readonly number[];
  /** Where on the path the function bends, for the reference. */
  readonly bends?: readonly number[];
}

export interface CountedIntegrand extends PathIntegrand {
  readonly asked: number[];
}

export function integrandOf(example: Example): CountedIntegrand {
  const { x, baseline, f, gradient } = example;
  const asked: number[] = [];
  const difference = x.map((value, i) => value - (baseline[i] ?? 0));
  const point = (alpha: number): number[] => difference.map((d, i) => (baseline[i] ?? 0) + alpha * d);
  return {
    size: x.length,
    asked,
    evaluate: async (alphas) => {
      asked.push(...alphas);
      return {
        f: Float64Array.from(alphas, (alpha) => Math.fround(f(point(alpha)))),
        g: alphas.map((alpha) => Float32Array.from(gradient(point(alpha)), (slope, i) => slope * (difference[i] ?? 0))),
      };
    },
  };
}

/** Integral in float64 by composite Gauss–Legendre, finer towards both ends and cut at the bends. */
export function reference({ x, baseline, gradient, bends = [] }: Example): Float64Array {
  const edges = new Set([0, 1, ...bends.filter((t) => t > 0 && t < 1)]);
  for (let k = 1; k < 400; k++) edges.add(k / 400);
  for (let t = 1e-8; t < 0.0025; t *= 1.5) edges.add(t).add(1 - t);
  const sorted = [...edges].sort((a, b) => a - b);
  const rule = gaussLegendre(5);
  const sum = new Float64Array(x.length);
  for (let k = 0; k + 1 < sorted.length; k++) {
    const [from, to] = [sorted[k] ?? 0, sorted[k + 1] ?? 1];
    for (const [j, node] of rule.nodes.entries()) {
      const alpha = from + (to - from) * node;
      const slopes = gradient(x.map((value, i) => (baseline[i] ?? 0) + alpha * (value - (baseline[i] ?? 0))));
      const weight = (to - from) * (rule.weights[j] ?? 0);
      for (let i = 0; i < sum.length; i++) {
        sum[i] = (sum[i] ?? 0) + weight * (slopes[i] ?? 0) * ((x[i] ?? 0) - (baseline[i] ?? 0));
      }
    }
  }
  return sum;
}

/** L1 distance over the L1 size of the truth. */
export function relativeError(found: Float64Array, truth: Float64Array): number {
  let [distance, size] = [0, 0];
  for (const [i, value] of truth.entries()) {
    distance += Math.abs((found[i] ?? Number.NaN) - value);
    size += Math.abs(value);
  }
  return distance / size;
}
