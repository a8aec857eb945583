import type { CompletenessError, PathInterval } from "./integration.ts";
import type { PathNodes } from "./pathNodes.ts";
import { type Assessment, l1, total } from "./quadrature/assessment.ts";

/** An assessment held against ΔF. */
export interface Trust {
  readonly sum: number;
  /**
   * Σ|cells|, or |ΔF| where that is larger: the true attributions cannot be smaller. Not less than a hundredth of
   * ∫Σ|g|, so that attributions which cancel to nothing along the path are not held to a tolerance below float32.
   */
  readonly size: number;
  readonly completenessError: CompletenessError;
  /** What the tolerance is compared with: relative to ΔF, or to `size` where ΔF ≈ 0. */
  readonly completeness: number;
  /** Absolute. ∫g adds up to ΔF, so the L1 error is never less than what the sum is off by. */
  readonly error: number;
  /** Relative to `size`. */
  readonly featureError: number;
  readonly illConditioned: boolean;
}

export function judge(nodes: PathNodes, assessment: Assessment, safety: number): Trust {
  const { fBaseline, fInput } = endScores(nodes);
  const sum = total(assessment.cells);
  const deltaF = fInput - fBaseline;
  const size = Math.max(l1(assessment.cells), Math.abs(deltaF), 1e-2 * activity(nodes, assessment));
  const absolute = Math.abs(sum - deltaF);
  const error = Math.max(safety * assessment.error, absolute);
  const none = isNoChange(deltaF, size, fBaseline, fInput);
  return {
    sum,
    size,
    completenessError: { absolute, relative: none ? null : absolute / Math.abs(deltaF) },
    completeness: ratio(absolute, none ? size : Math.abs(deltaF)),
    error,
    featureError: ratio(error, size),
    illConditioned: Math.abs(deltaF) < 0.05 * size,
  };
}

/** ∫Σ|g|, by the weights of the assessment. */
function activity(nodes: PathNodes, { weights }: Assessment): number {
  return weights.reduce(
    (sum, weight, index) => (weight === 0 ? sum : sum + Math.abs(weight) * l1(nodes.cells(index))),
    0,
  );
}

/** Scores at both ends of the path, which every run evaluates. */
export function endScores(nodes: PathNodes): { readonly fBaseline: number; readonly fInput: number } {
  const [first, last] = [nodes.indexOf(0) as number, nodes.indexOf(1) as number];
  return { fBaseline: nodes.f[first] as number, fInput: nodes.f[last] as number };
}

export function isWithin({ completeness, featureError }: Trust, tolerance: number): boolean {
  return completeness <= tolerance && featureError <= tolerance;
}

/** ΔF that is rounding: 16 float32 steps of the score, or one part in 10⁴ of the attributions, which are no better. */
function isNoChange(deltaF: number, size: number, fBaseline: number, fInput: number): boolean {
  const rounding = 16 * 2 ** -23 * Math.max(Math.abs(fBaseline), Math.abs(fInput));
  return Math.abs(deltaF) <= Math.max(rounding, 1e-4 * size);
}

function ratio(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

/** The intervals of an assessment, scaled to add up to `error`. */
export function scaledIntervals(assessment: Assessment, error: number): PathInterval[] {
  const whole = assessment.intervals.reduce((sum, interval) => sum + interval.error, 0);
  return assessment.intervals.map((interval) => {
    const share = ratio(interval.error, whole);
    return { from: interval.from, to: interval.to, error: share * error, share };
  });
}

/** The fewest intervals that hold at least half of the error, neighbours merged, most of the error first. */
export function worstIntervals(intervals: readonly PathInterval[]): PathInterval[] {
  const ranked = [...intervals.keys()].sort((i, j) => share(intervals, j) - share(intervals, i));
  const chosen: number[] = [];
  let held = 0;
  for (const index of ranked) {
    if (held >= 0.5 || share(intervals, index) === 0) break;
    held += share(intervals, index);
    chosen.push(index);
  }
  const merged: PathInterval[] = [];
  for (const index of chosen.sort((i, j) => i - j)) {
    const interval = intervals[index] as PathInterval;
    const before = merged.at(-1);
    if (before?.to !== interval.from) merged.push(interval);
    else {
      const share = before.share + interval.share;
      merged[merged.length - 1] = { from: before.from, to: interval.to, error: before.error + interval.error, share };
    }
  }
  return merged.sort((left, right) => right.share - left.share);
}

function share(intervals: readonly PathInterval[], index: number): number {
  return (intervals[index] as PathInterval).share;
}

/** Error of each cell, adding up to `error`. */
export function cellErrors(assessment: Assessment, error: number): Float64Array {
  const whole = total(assessment.cellShares);
  return assessment.cellShares.map((part) => (whole > 0 ? part / whole : 1 / assessment.cellShares.length) * error);
}
