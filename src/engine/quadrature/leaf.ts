import type { PathNodes } from "../pathNodes.ts";
import { l1 } from "./assessment.ts";

/** Node indices of an interval of the mesh: its ends and the node inside, which need not be the middle. */
export interface Triple {
  readonly a: number;
  readonly m: number;
  readonly b: number;
}

/** An interval with its integral as weights of its three nodes. */
export interface Segment extends Triple {
  readonly from: number;
  readonly to: number;
  /** Simpson's rule for an off-centre middle. */
  readonly plain: Weights3;
  /** The same, moved towards the trapezoid until the sum is what f says, as far as that goes. */
  readonly corrected: Weights3;
  /** f(b) − f(a) − Σ of the plain integral: what f knows of the error. */
  readonly residual: number;
  /** |Simpson − trapezoid| of the slope: how far the three nodes leave the integral of Σg open. */
  readonly slopeSpread: number;
}

export type Weights3 = readonly [number, number, number];

/** A segment that was bisected, and its children. */
export interface Family {
  readonly parent: Segment;
  readonly left: Segment;
  readonly right: Segment;
  /** The family above, where there is one. */
  readonly above: Family | null;
}

/** A segment in use. `share` of its family's correction (children − parent) is taken to be its error. */
export interface Leaf {
  readonly segment: Segment;
  readonly family: Family;
  readonly share: number;
  /** E of the rule: decides what is bisected. */
  readonly error: number;
}

export function makeSegment(nodes: PathNodes, { a, m, b }: Triple): Segment {
  const t = nodes.alphas;
  const [ta, tm, tb] = [t[a] as number, t[m] as number, t[b] as number];
  const [sa, sm, sb] = [nodes.slopes[a] as number, nodes.slopes[m] as number, nodes.slopes[b] as number];
  const h = tb - ta;
  const p = (tm - ta) / h;
  const q = 1 - p;
  const plain: Weights3 = [(h * (3 * p - 1)) / (6 * p), h / (6 * p * q), (h * (3 * q - 1)) / (6 * q)];
  const trapezoid: Weights3 = [(tm - ta) / 2, h / 2, (tb - tm) / 2];
  const d: Weights3 = [plain[0] - trapezoid[0], plain[1] - trapezoid[1], plain[2] - trapezoid[2]];
  const integral = plain[0] * sa + plain[1] * sm + plain[2] * sb;
  const residual = (nodes.f[b] as number) - (nodes.f[a] as number) - integral;
  const spread = d[0] * sa + d[1] * sm + d[2] * sb;
  const tiny = 1e-12 * h * Math.max(Math.abs(sa), Math.abs(sm), Math.abs(sb));
  const c = Math.abs(spread) > tiny ? Math.min(1, Math.max(-1, residual / spread)) : 0;
  const corrected: Weights3 = [plain[0] + c * d[0], plain[1] + c * d[1], plain[2] + c * d[2]];
  return { a, m, b, from: ta, to: tb, plain, corrected, residual, slopeSpread: Math.abs(spread) };
}

/** The two leaves of a family with their errors at the grain of the nodes. */
export function makeLeaves(nodes: PathNodes, family: Family): [Leaf, Leaf] {
  const { left, right } = family;
  const correction = Math.max(
    l1(nodes.combineCells(familyDifference(nodes, family, "corrected"))),
    l1(nodes.combineCells(familyDifference(nodes, family, "plain"))) / 2,
  );
  const bendLeft = bend(nodes, left);
  const bendRight = bend(nodes, right);
  const share = bendLeft + bendRight > 0 ? bendLeft / (bendLeft + bendRight) : 0.5;
  const leaf = (segment: Segment, part: number): Leaf => ({
    segment,
    family,
    share: part,
    error: Math.max(part * correction, Math.abs(segment.residual)),
  });
  return [leaf(left, share), leaf(right, 1 - share)];
}

/** Children − parent, as weights by node index. */
function familyDifference(nodes: PathNodes, family: Family, which: "plain" | "corrected"): Float64Array {
  const weights = new Float64Array(nodes.count);
  addFamilyDifference(weights, family, which, 1);
  return weights;
}

export function addFamilyDifference(
  weights: Float64Array,
  { parent, left, right }: Family,
  which: "plain" | "corrected",
  factor: number,
): void {
  addSegment(weights, left, which, factor);
  addSegment(weights, right, which, factor);
  addSegment(weights, parent, which, -factor);
}

export function addSegment(
  weights: Float64Array,
  segment: Segment,
  which: "plain" | "corrected",
  factor: number,
): void {
  const own = segment[which];
  for (const [i, index] of [segment.a, segment.m, segment.b].entries()) {
    weights[index] = (weights[index] as number) + factor * (own[i] as number);
  }
}

/** |g_a − 2 g_m + g_b|₁ + 1e-3 |g_b − g_a|₁: how unevenly the family's error is shared. */
function bend(nodes: PathNodes, { a, m, b }: Triple): number {
  const [ga, gm, gb] = [nodes.cells(a), nodes.cells(m), nodes.cells(b)];
  let sum = 0;
  for (let i = 0; i < ga.length; i++) {
    const [va, vm, vb] = [ga[i] as number, gm[i] as number, gb[i] as number];
    sum += Math.abs(va - 2 * vm + vb) + 1e-3 * Math.abs(vb - va);
  }
  return sum;
}
