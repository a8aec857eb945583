import type { PathNodes } from "../pathNodes.ts";
import { l1 } from "./assessment.ts";
import { leastWidth, type Mesh } from "./mesh.ts";
import { scoreNoise } from "./suspectGradient.ts";

/** Leaves wider than this may still hide a bend whose discovery raises the error for good reasons. */
const narrow = 1 / 64;

export interface FloorRound {
  readonly mesh: Mesh;
  /** Absolute error estimate. */
  readonly error: number;
  /** Widest leaf that the round bisected. */
  readonly bisected: number;
}

/**
 * Whether more nodes would only add rounding: the error rose for two rounds that bisected nothing but narrow leaves,
 * all that holds an error is as narrow as float32 allows, or what f contradicts is the rounding of f itself.
 */
export function isAtFloor(nodes: PathNodes, rounds: readonly FloorRound[], goal: number): boolean {
  const [first, second, third] = rounds.slice(-3);
  const last = rounds.at(-1);
  if (last === undefined) return false;
  if (first !== undefined && second !== undefined && third !== undefined) {
    const risen = first.error < second.error && second.error < third.error;
    if (risen && Math.max(second.bisected, third.bisected) < narrow) return true;
  }
  const { leaves } = last.mesh;
  if (leaves.every(({ segment, error }) => error === 0 || segment.to - segment.from <= leastWidth)) return true;

  const residuals = Float64Array.from(leaves, ({ segment }) => segment.residual);
  return l1(residuals) > goal && residuals.every((residual) => Math.abs(residual) <= scoreNoise(nodes));
}
