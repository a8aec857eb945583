import type { PathNodes } from "./pathNodes.ts";
import type { Mesh } from "./quadrature/mesh.ts";
import type { QuadratureRule } from "./quadrature/rules.ts";

/**
 * `converged`: both errors are within the tolerance. `budget`: the evaluations, or the steps of a fixed rule, ended
 * first. `precision-floor`: more evaluations would not help, float32 ends here. `suspect-gradient`: Σg contradicts f
 * however narrow the intervals; the gradient of some operation is probably wrong.
 */
export type IntegrationStatus = "converged" | "budget" | "precision-floor" | "suspect-gradient";

export interface CompletenessError {
  /** |Σ attributions − ΔF|, in units of the score. */
  readonly absolute: number;
  /** The same over |ΔF|; null where ΔF is nothing but rounding. The tolerance then applies to Σ|attribution|. */
  readonly relative: number | null;
}

export interface RoundError {
  readonly evaluations: number;
  /** Relative completeness error; against Σ|attribution| where ΔF ≈ 0. */
  readonly completeness: number;
  /** Relative L1 error over the cells. */
  readonly feature: number;
}

export interface PathInterval {
  readonly from: number;
  readonly to: number;
  /** In units of the score; the intervals add up to the error per feature, absolute. */
  readonly error: number;
  /** Part of the whole error, 0 to 1. */
  readonly share: number;
}

/** Attributions of a path, or of the gradient at its end, and how far to trust them. Plain arrays are the caller's to read, not to change. */
export interface Integration {
  /** `point`: a gradient at x, no integral. */
  readonly rule: QuadratureRule | "point";
  readonly tolerance: number;
  /** Every node evaluated so far, ascending, 0 and 1 among them. */
  readonly alphas: Float64Array;
  /** Score at each node. */
  readonly f: Float64Array;
  /** Quadrature weight of each node; `attributions` is the weighted sum of their gradients. */
  readonly weights: Float64Array;
  /** One value a feature. */
  readonly attributions: Float64Array;
  /** One value a cell of the grain. */
  readonly cells: Float64Array;
  /** Estimated absolute error of each cell; they add up to the absolute error per feature. */
  readonly cellErrors: Float64Array;
  readonly fInput: number;
  readonly fBaseline: number;
  readonly deltaF: number;
  readonly sum: number;
  readonly completenessError: CompletenessError;
  /** Estimated L1 error over the cells, over Σ|cells| (over |ΔF| if that is larger). Null for a gradient, which approximates nothing. */
  readonly featureError: number | null;
  readonly status: IntegrationStatus;
  /** Nodes evaluated, those of the runs that this one continues included. */
  readonly evaluations: number;
  /** Sequential rounds, likewise. */
  readonly rounds: number;
  readonly errorByRound: readonly RoundError[];
  /** The path from 0 to 1. */
  readonly intervals: readonly PathInterval[];
  /** The fewest intervals that hold half of the error, neighbours merged; most of the error first. */
  readonly worstIntervals: readonly PathInterval[];
  /** |ΔF| is small against Σ|cells|: large attributions cancel, so a small relative error of theirs is large against ΔF. */
  readonly illConditioned: boolean;
  /** (x − x') ⊙ ∇F(x): what a plain gradient would show on the same scale. */
  readonly gradientAtInput: Float32Array;
  /** What a refinement goes on from; nothing else reads it. */
  readonly state: IntegrationState;
}

export interface IntegrationState {
  readonly nodes: PathNodes;
  readonly mesh: Mesh | null;
  /** Weights by node index. */
  readonly weights: Float64Array;
  readonly safety: number;
}
