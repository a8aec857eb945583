import type { PathSamples } from "../../engine/pathIntegrand.ts";

/** Kernels may add up in another order in a batch of another size; seen were differences of exactly 0. */
const ROUNDING = 1e-5;

/** Whether the first point of both has the same score and, in the L1 norm, the same gradient but for rounding. */
export function agree(one: PathSamples, other: PathSamples): boolean {
  const [f, g, f0, g0] = [one.f[0], one.g[0], other.f[0], other.g[0]];
  if (f === undefined || g === undefined || f0 === undefined || g0 === undefined) return false;
  if (!(Math.abs(f - f0) <= ROUNDING * Math.max(1, Math.abs(f0)))) return false;
  let [difference, size] = [0, 0];
  for (const [i, value] of g0.entries()) {
    // Values that overflow are the run's error, not the worker's.
    if (g[i] !== value) difference += Math.abs((g[i] ?? Number.NaN) - value);
    size += Math.abs(value);
  }
  return difference <= ROUNDING * size;
}
