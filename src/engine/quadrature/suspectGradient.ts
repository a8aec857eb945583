import type { PathNodes } from "../pathNodes.ts";
import { gapResiduals, gapWeights } from "./interpolation.ts";
import type { Family, Segment } from "./leaf.ts";
import type { Mesh } from "./mesh.ts";

/** Rounding of f in float32, with room for the sums inside a model. */
export function scoreNoise(nodes: PathNodes): number {
  return 2 ** -21 * nodes.f.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

/**
 * Whether the gradient contradicts f. Where Σg is df/dt, the residual of a segment shrinks when it is bisected, or goes
 * to the one half that holds the bend. A wrong gradient leaves a residual that both halves inherit, in proportion,
 * generation after generation, while Σg itself looks settled on them.
 */
export function contradictsScore(nodes: PathNodes, mesh: Mesh): boolean {
  const noise = scoreNoise(nodes);
  let contradicted = 0;
  let width = 0;
  let leaves = 0;
  let all = 0;
  for (const { segment, family } of mesh.leaves) {
    all += Math.abs(segment.residual);
    if (family.above === null || !inherits(family, noise) || !inherits(family.above, noise)) continue;
    contradicted += Math.abs(segment.residual);
    width += segment.to - segment.from;
    leaves++;
  }
  return leaves >= 4 && contradicted >= all / 2 && (width >= 0.2 || leaves >= 8);
}

function inherits({ parent, left, right }: Family, noise: number): boolean {
  const settled = ({ residual, slopeSpread }: Segment): boolean =>
    Math.abs(residual) > 3 * slopeSpread && Math.abs(residual) > noise;
  const kept = Math.abs(left.residual + right.residual - parent.residual) <= 0.2 * Math.abs(parent.residual);
  const both = Math.min(Math.abs(left.residual), Math.abs(right.residual)) >= 0.1 * Math.abs(parent.residual);
  return kept && both && settled(parent) && settled(left) && settled(right);
}

/** The same question for nodes without a history: does f contradict a settled Σg on more than half of the path? */
export function contradictsScoreOnGaps(nodes: PathNodes, order: readonly number[]): boolean {
  if (order.length < 9) return false;
  const ts = order.map((index) => nodes.alphas[index] as number);
  const f = order.map((index) => nodes.f[index] as number);
  const slopes = order.map((index) => nodes.slopes[index] as number);
  const fine = gapResiduals(gapWeights(ts, 6), f, slopes);
  const coarse = gapResiduals(gapWeights(ts, 4), f, slopes);
  const noise = scoreNoise(nodes);
  let width = 0;
  for (const [k, residual] of fine.entries()) {
    const open = Math.abs(residual - (coarse[k] as number));
    if (Math.abs(residual) > Math.max(5 * open, noise)) width += (ts[k + 1] as number) - (ts[k] as number);
  }
  return width > 0.5;
}
