import type { Integration, IntegrationStatus, RoundError } from "./integration.ts";
import type { PathNodes } from "./pathNodes.ts";
import type { Assessment } from "./quadrature/assessment.ts";
import type { Mesh } from "./quadrature/mesh.ts";
import { cellErrors, endScores, judge, scaledIntervals, worstIntervals } from "./trust.ts";

export interface Description {
  readonly rule: Integration["rule"];
  readonly tolerance: number;
  readonly safety: number;
  readonly status: IntegrationStatus;
  readonly rounds: number;
  readonly errorByRound: readonly RoundError[];
  readonly mesh: Mesh | null;
}

/** The result that an assessment stands for. `nodes` may have more nodes than the assessment has weights. */
export function describe(nodes: PathNodes, assessment: Assessment, description: Description): Integration {
  const { mesh, safety, ...rest } = description;
  const { fBaseline, fInput } = endScores(nodes);
  const trust = judge(nodes, assessment, safety);
  const order = [...nodes.alphas.keys()].sort((i, j) => (nodes.alphas[i] as number) - (nodes.alphas[j] as number));
  const intervals = scaledIntervals(assessment, trust.error);
  return {
    ...rest,
    alphas: Float64Array.from(order, (index) => nodes.alphas[index] as number),
    f: Float64Array.from(order, (index) => nodes.f[index] as number),
    weights: Float64Array.from(order, (index) => assessment.weights[index] ?? 0),
    attributions: nodes.combineFeatures(assessment.weights),
    cells: assessment.cells,
    cellErrors: cellErrors(assessment, trust.error),
    fInput,
    fBaseline,
    deltaF: fInput - fBaseline,
    sum: trust.sum,
    completenessError: trust.completenessError,
    featureError: trust.featureError,
    evaluations: nodes.count,
    intervals,
    worstIntervals: worstIntervals(intervals),
    illConditioned: trust.illConditioned,
    gradientAtInput: nodes.gradient(nodes.indexOf(1) as number),
    state: { nodes, mesh, weights: assessment.weights, safety },
  };
}
