import { describe } from "./describe.ts";
import type { Run } from "./integrate.ts";
import type { Integration, IntegrationStatus, RoundError } from "./integration.ts";
import { assessAdaptive, assessFew } from "./quadrature/adaptive.ts";
import type { Assessment } from "./quadrature/assessment.ts";
import type { Leaf } from "./quadrature/leaf.ts";
import { bisect, firstMesh, type Mesh, newNodes, regrainMesh, worstLeaves } from "./quadrature/mesh.ts";
import { isAtFloor } from "./quadrature/precisionFloor.ts";
import { chebyshevNodes } from "./quadrature/spectral.ts";
import { contradictsScore } from "./quadrature/suspectGradient.ts";
import { isWithin, judge, type Trust } from "./trust.ts";

/** Part of the error that one round goes after: most of it while far from the goal, so that rounds stay few; less near it, so as not to overshoot. */
function part(trust: Trust, tolerance: number): number {
  return Math.max(trust.featureError, trust.completeness) > 3 * tolerance ? 0.7 : 0.3;
}

/** What is known after a round. */
interface Stage {
  /** Null when not even the nine nodes of the first batch were allowed. */
  readonly mesh: Mesh | null;
  readonly assessment: Assessment;
  readonly trust: Trust;
  /** Widest of the leaves that the round bisected. */
  readonly bisected: number;
  readonly suspected: boolean;
}

/**
 * The adaptive rule: a spectral stop on nine nodes for smooth paths, then bisection of the intervals that hold most of
 * the error. Stops when both the sum and the estimate per feature are within the tolerance.
 */
export async function runAdaptive(run: Run): Promise<Integration> {
  const { nodes, evaluator, options } = run;
  const errorByRound: RoundError[] = [...(options.previous?.errorByRound ?? [])];
  const stages: Stage[] = [];
  let rounds = options.previous?.rounds ?? 0;
  let known = nodes.count;
  let stage = await firstStage(run);

  for (;;) {
    stages.push(stage);
    if (nodes.count > known) {
      rounds++;
      const { completeness, featureError } = stage.trust;
      errorByRound.push({ evaluations: nodes.count, completeness, feature: featureError });
    }
    const chosen = affordable(run, stage);
    const status = statusOf(run, stages, chosen);
    const shown = status === "precision-floor" ? mostAccurate(stages.slice(-3)) : stage;
    const conclude = conclusion(run, shown, status ?? "budget", rounds, errorByRound.slice());
    options.onRound?.({
      evaluations: nodes.count,
      completeness: shown.trust.completeness,
      feature: shown.trust.featureError,
      round: rounds,
      status: status ?? "running",
      integration: conclude,
    });
    if (status !== null || stage.mesh === null) return conclude();

    known = nodes.count;
    await evaluator.evaluate(chosen.flatMap((leaf) => newNodes(nodes, leaf)));
    const widest = chosen.reduce((width, { segment }) => Math.max(width, segment.to - segment.from), 0);
    stage = makeStage(run, bisect(nodes, stage.mesh, new Set(chosen)), widest);
  }
}

async function firstStage(run: Run): Promise<Stage> {
  const { nodes, evaluator, maxEvaluations } = run;
  const earlier = run.options.previous?.state.mesh ?? null;
  if (earlier !== null) return makeStage(run, regrainMesh(nodes, earlier), 1);

  const fits = (intervals: number): boolean =>
    nodes.count + evaluator.missing(chebyshevNodes(intervals)).length <= maxEvaluations;
  const ts = chebyshevNodes([8, 4].find(fits) ?? 2);
  await evaluator.evaluate(ts);
  const order = ts.map((t) => nodes.indexOf(t) as number);
  if (order.length === 9) return makeStage(run, firstMesh(nodes, order), 1);
  const assessment = assessFew(nodes, order);
  return { mesh: null, assessment, trust: trustOf(run, assessment), bisected: 1, suspected: false };
}

function makeStage(run: Run, mesh: Mesh, bisected: number): Stage {
  const assessment = assessAdaptive(run.nodes, mesh);
  const suspected = contradictsScore(run.nodes, mesh);
  return { mesh, assessment, trust: trustOf(run, assessment), bisected, suspected };
}

function trustOf({ nodes, safety }: Run, assessment: Assessment): Trust {
  return judge(nodes, assessment, safety);
}

/** The worst leaves, as many as the evaluations suffice for. */
function affordable({ nodes, evaluator, maxEvaluations, tolerance }: Run, { mesh, trust }: Stage): Leaf[] {
  if (mesh === null) return [];
  let left = maxEvaluations - nodes.count;
  return worstLeaves(mesh, part(trust, tolerance)).filter((leaf) => {
    const cost = evaluator.missing(newNodes(nodes, leaf)).length;
    if (cost > left) return false;
    left -= cost;
    return true;
  });
}

/** Null: another round. */
function statusOf(run: Run, stages: readonly Stage[], chosen: readonly Leaf[]): IntegrationStatus | null {
  const [before, stage] = [stages.at(-2), stages.at(-1) as Stage];
  if (isWithin(stage.trust, run.tolerance)) return "converged";
  const last = chosen.length === 0;
  if (stage.suspected && (before?.suspected === true || last)) return "suspect-gradient";
  const rounds = stages.flatMap(({ mesh, trust, bisected }) =>
    mesh === null ? [] : [{ mesh, error: trust.error, bisected }],
  );
  if (isAtFloor(run.nodes, rounds, run.tolerance * stage.trust.size)) return "precision-floor";
  return last ? "budget" : null;
}

function mostAccurate(stages: readonly Stage[]): Stage {
  return stages.reduce((best, stage) => (stage.trust.error < best.trust.error ? stage : best));
}

function conclusion(
  { nodes, tolerance, safety }: Run,
  { assessment, mesh }: Stage,
  status: IntegrationStatus,
  rounds: number,
  errorByRound: readonly RoundError[],
): () => Integration {
  return () => describe(nodes, assessment, { rule: "adaptive", tolerance, safety, status, rounds, errorByRound, mesh });
}
