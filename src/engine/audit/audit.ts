import type { Tensor } from "@tensorflow/tfjs-core";
import { seededRandom } from "../../common/random.ts";
import type { PathInterval } from "../integration.ts";
import type { DifferentiableModel, NodeId } from "../port.ts";
import { fetchesOf, type ScoreTarget, scoreOf } from "../scoreOf.ts";
import type { Comparison } from "./comparison.ts";
import { flowOf } from "./flow.ts";
import { NodeAudit, type NodeFinding } from "./nodeAudit.ts";
import { Probe } from "./probe.ts";
import { type PathEnds, pointOf, type Way } from "./station.ts";

export interface AuditOptions {
  readonly model: DifferentiableModel;
  readonly explained: readonly PathEnds[];
  /** Feeds that are held still, [1, ...] each; they stay the caller's. */
  readonly heldFeeds: ReadonlyMap<NodeId, Tensor>;
  readonly target: ScoreTarget;
  /** Where the finished run has most of its error, worst first. */
  readonly worst?: readonly Pick<PathInterval, "from" | "to">[] | undefined;
  /** The same seed asks the same questions. */
  readonly seed?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** After each comparison. Must not throw. */
  readonly onProgress?: ((progress: AuditProgress) => void) | undefined;
}

export interface AuditProgress {
  readonly done: number;
  readonly total: number;
  /** What is being compared: the path, or a node. */
  readonly what: string;
}

/** The gradient of the score at a point of the path: Σg beside df/dt, both in units of the score over the whole path. */
export interface PathComparison extends Comparison {
  readonly alpha: number;
  readonly way: Way;
}

/** The operation whose gradient is wrong. */
export interface Culprit extends NodeFinding {
  /** How wrong it is along the path; fewer places than the path has where it could not be told. */
  readonly profile: readonly (Comparison & { readonly alpha: number })[];
  /** The gradient of the score with respect to what the operation puts out, and to what it reads. Null where it cannot be asked. */
  readonly below: Comparison | null;
  readonly above: Comparison | null;
}

/**
 * `confirmed`: gradients and forward passes agree. `wrong`: they do not, and these operations are why. `not-located`:
 * they do not, and no single operation was found. `cannot-tell`: rounding and kinks drown the comparison.
 */
export type AuditVerdict = "confirmed" | "wrong" | "not-located" | "cannot-tell";

export interface Audit {
  readonly verdict: AuditVerdict;
  /** Confirmed to within this, relative: mean gap and error bar over the path. Null where nothing is confirmed. */
  readonly within: number | null;
  /** Along x − x′, ascending α. */
  readonly path: readonly PathComparison[];
  /** Along random directions, so that features whose errors cancel along the path do not. */
  readonly directions: readonly PathComparison[];
  /** The one nearest to the score first. */
  readonly nodes: readonly NodeFinding[];
  readonly culprits: readonly Culprit[];
  readonly skipped: { readonly integer: number; readonly unmoved: number; readonly refused: number };
  /** False where the format does not say what nodes are computed from. */
  readonly nodesKnown: boolean;
  /** Rows evaluated forward, and gradients. */
  readonly passes: number;
  readonly gradients: number;
}

/** Spread over the path; both ends are left to the random directions, since a flat baseline is a kink in most models. */
const SPREAD = [0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 0.98];
/** Random directions at each of these; the input itself is where a plain gradient is read. */
const RANDOM = [0.3, 0.7, 1, 1, 1];
/** Most mean gap and error bar, relative, that still confirms anything. */
const WIDEST = 0.1;
const WIDEST_PROVED = 0.5;
const MOST_PROFILED = 3;

/**
 * Checks the gradients that an explanation stands on, with forward passes only on the side of the truth.
 *
 * First the score itself, as a function of α and along random directions at the input: central differences against
 * Σ gradient · direction. Then each operation between input and score by itself, from the score upwards: the values that
 * it reads are fed and moved the way they move along the path, and its own backward pass is compared with differences
 * of its own output. Each operation is judged on its own, so an error is named where it arises and several are all found.
 * Nodes where one-sided differences disagree are set aside, and the comparison is tried at another place.
 *
 * Rejects with `cancelled`, and with whatever the model throws when it evaluates the score. Leaves no tensor behind.
 */
export async function auditGradients(options: AuditOptions): Promise<Audit> {
  const { model, explained, heldFeeds, target, signal } = options;
  const random = seededRandom(options.seed ?? 1);
  const probe = new Probe(random, signal);
  const flow = flowOf(model, new Set(explained.map(({ node }) => node)), fetchesOf(target));
  const places = pathPlaces(options.worst ?? []);
  let done = 0;
  const total = places.length + RANDOM.length + NodeAudit.stations.length * (flow.nodes.length + 1);
  const step = (what: string): void => options.onProgress?.({ done: Math.min(++done, total), total, what });

  const score = async (alpha: number, way: Way, stretch: number): Promise<PathComparison> => {
    const found = await probe.compare({
      moving: pointOf(explained, alpha, way, random, stretch),
      held: heldFeeds,
      output: (feeds) => scoreOf(model, feeds, target),
    });
    const inScore = (value: number): number => value / stretch;
    return {
      alpha,
      way,
      agreement: found.agreement,
      gradient: inScore(found.gradient),
      difference: inScore(found.difference),
      bar: inScore(found.bar),
      scale: inScore(found.scale),
    };
  };
  /** A kink, or a finding that may be chance, is asked again close by. */
  const scoreTwice = async (alpha: number, way: Way, stretch = 1): Promise<PathComparison> => {
    const first = await score(alpha, way, stretch);
    if (first.agreement === "agrees") return first;
    const second = await score(alpha < 0.5 ? alpha + 0.011 : alpha - 0.011, way, stretch);
    return first.agreement === "differs" && second.agreement === "noise" ? first : second;
  };

  const path: PathComparison[] = [];
  for (const { alpha, stretch } of places) {
    path.push(await scoreTwice(alpha, "path", stretch));
    step(`the path at ${Math.round(alpha * 100)} %`);
  }
  path.sort((left, right) => left.alpha - right.alpha);
  const directions: PathComparison[] = [];
  for (const alpha of RANDOM) {
    directions.push(await scoreTwice(alpha, "random"));
    step("random directions at the input");
  }

  const nodeAudit = new NodeAudit({ model, explained, heldFeeds, target, probe, random, signal });
  const { findings, skipped } = await nodeAudit.run(flow.nodes, step);
  const wrong = findings.filter(({ agreement }) => agreement === "differs");
  const culprits: Culprit[] = [];
  for (const finding of wrong.slice(0, MOST_PROFILED)) {
    culprits.push({
      ...finding,
      profile: await nodeAudit.profile(
        finding.id,
        path.map(({ alpha }) => alpha),
      ),
      ...(await nodeAudit.scoreAround(finding)),
    });
  }
  culprits.push(
    ...wrong.slice(MOST_PROFILED).map((finding) => ({ ...finding, profile: [], below: null, above: null })),
  );

  return {
    ...conclude({ path, directions, findings, whole: flow.known && skipped.refused === 0 }, culprits.length),
    path,
    directions,
    nodes: findings,
    culprits,
    skipped: { ...skipped, integer: flow.integer },
    nodesKnown: flow.known,
    passes: probe.passes + nodeAudit.passes,
    gradients: probe.gradients,
  };
}

interface Place {
  readonly alpha: number;
  /** Narrow intervals are walked in steps of their own width. */
  readonly stretch: number;
}

/** Spread places, and the middles of the worst intervals. */
function pathPlaces(worst: readonly Pick<PathInterval, "from" | "to">[]): Place[] {
  const middles = worst.slice(0, 3).map(({ from, to }) => ({
    alpha: (from + to) / 2,
    stretch: Math.max(1 / 64, Math.min(1, 16 * (to - from))),
  }));
  return [...SPREAD.map((alpha) => ({ alpha, stretch: 1 })), ...middles];
}

/** More than half of those that could be judged. One or two may be kinks that looked smooth. */
function contradicts(comparisons: readonly Comparison[]): boolean {
  const differ = comparisons.filter(({ agreement }) => agreement === "differs").length;
  return differ >= 2 && differ > comparisons.filter(({ agreement }) => agreement === "agrees").length;
}

interface Evidence {
  readonly path: readonly Comparison[];
  readonly directions: readonly Comparison[];
  readonly findings: readonly NodeFinding[];
  /** Every operation on the way could be asked. */
  readonly whole: boolean;
}

function conclude(
  { path, directions, findings, whole }: Evidence,
  culprits: number,
): { readonly verdict: AuditVerdict; readonly within: number | null } {
  if (culprits > 0) return { verdict: "wrong", within: null };
  if (contradicts(path) || contradicts(directions)) return { verdict: "not-located", within: null };
  const all = [...path, ...directions];
  const judged = all.filter(({ agreement }) => agreement === "agrees" || agreement === "differs");
  const scale = judged.reduce((sum, each) => sum + each.scale, 0);
  const off = judged.reduce((sum, each) => sum + Math.abs(each.gradient - each.difference) + each.bar, 0);
  const within = scale > 0 ? off / scale : null;
  // Where every operation is right by itself, the score need not say it as sharply.
  const proved = whole && findings.every(({ agreement }) => agreement === "agrees");
  const enough = judged.length >= all.length / 3;
  if (within === null || !enough || within > (proved ? WIDEST_PROVED : WIDEST))
    return { verdict: "cannot-tell", within: null };
  return { verdict: "confirmed", within };
}
