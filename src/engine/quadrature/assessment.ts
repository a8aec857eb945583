import type { PathNodes } from "../pathNodes.ts";

/** An approximation of the integral, with what is known of its error. Errors are absolute, at the grain of the nodes. */
export interface Assessment {
  /** By node index. */
  readonly weights: Float64Array;
  /** ∫g by cell. */
  readonly cells: Float64Array;
  /** Estimated L1 error over the cells. */
  readonly error: number;
  /** Where on the path the error comes from; in order, not scaled. */
  readonly intervals: readonly ErrorInterval[];
  /** How the error is shared between the cells; not scaled. */
  readonly cellShares: Float64Array;
}

export interface ErrorInterval {
  readonly from: number;
  readonly to: number;
  readonly error: number;
}

export function l1(values: Float64Array): number {
  return values.reduce((sum, value) => sum + Math.abs(value), 0);
}

export function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

export function difference(left: Float64Array, right: Float64Array): Float64Array {
  return left.map((value, i) => value - (right[i] as number));
}

/**
 * Shares of a cell: what two rules disagree about there, and for errors that both would miss a tenth that goes by the
 * cell's own activity along the path (mean |g|).
 */
export function sharesByCell(nodes: PathNodes, disagreement: Float64Array, weights: Float64Array): Float64Array {
  const activity = new Float64Array(disagreement.length);
  for (const [index, weight] of weights.entries()) {
    const cells = nodes.cells(index);
    for (let i = 0; i < activity.length; i++) {
      activity[i] = (activity[i] as number) + Math.abs(weight * (cells[i] as number));
    }
  }
  const known = l1(disagreement);
  const scale = total(activity);
  return disagreement.map((value, i) => {
    const hidden = scale > 0 ? (activity[i] as number) / scale : 0;
    return (known > 0 ? 0.9 * (Math.abs(value) / known) : 0) + 0.1 * hidden;
  });
}
