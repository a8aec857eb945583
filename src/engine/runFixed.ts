import { describe } from "./describe.ts";
import type { Run } from "./integrate.ts";
import type { Integration } from "./integration.ts";
import { assessFixed } from "./quadrature/fixed.ts";
import { type FixedRule, fixedRule } from "./quadrature/rules.ts";
import { contradictsScoreOnGaps } from "./quadrature/suspectGradient.ts";
import { isWithin, judge } from "./trust.ts";

/** All nodes of the rule and both ends, whose scores give ΔF, in one round. */
export async function runFixed(run: Run, rule: FixedRule): Promise<Integration> {
  const { nodes, options, tolerance, safety } = run;
  const { nodes: ts, weights: ruleWeights } = fixedRule(rule, options.steps ?? 50);
  await run.evaluator.evaluate([0, 1, ...ts]);

  const weights = new Float64Array(nodes.count);
  for (const [j, t] of ts.entries()) weights[nodes.indexOf(t) as number] = ruleWeights[j] as number;
  const order = [...new Set([0, ...ts, 1])].map((t) => nodes.indexOf(t) as number);
  const assessment = assessFixed(nodes, order, weights);
  const trust = judge(nodes, assessment, safety);
  const error = { evaluations: nodes.count, completeness: trust.completeness, feature: trust.featureError };
  const settled = isWithin(trust, tolerance);
  const status = settled ? "converged" : contradictsScoreOnGaps(nodes, order) ? "suspect-gradient" : "budget";
  const rounds = (options.previous?.rounds ?? 0) + 1;
  const errorByRound = [...(options.previous?.errorByRound ?? []), error];
  const result = describe(nodes, assessment, { rule, tolerance, safety, status, rounds, errorByRound, mesh: null });
  options.onRound?.({ ...error, round: rounds, status, integration: () => result });
  return result;
}
