import { PathlightError } from "../common/errors.ts";
import { describe } from "./describe.ts";
import type { Grain } from "./grain.ts";
import type { Integration, IntegrationStatus } from "./integration.ts";
import { describeGradient } from "./methods.ts";
import type { PathNodes } from "./pathNodes.ts";
import { assessAdaptive } from "./quadrature/adaptive.ts";
import type { Assessment } from "./quadrature/assessment.ts";
import { assessFixed } from "./quadrature/fixed.ts";
import { type Mesh, regrainMesh } from "./quadrature/mesh.ts";
import { isWithin, judge } from "./trust.ts";

/**
 * The same result read at another grain: cells, errors and status, without another evaluation. Attributions stay the
 * same up to the choice between the rules on the first nine nodes, which is made anew. What had converged at one grain
 * has status `budget` at another where its error is above the tolerance.
 */
export function regrain(integration: Integration, grain: Grain): Integration {
  const size = integration.attributions.length;
  if (grain.cellOf.length !== size) {
    throw new PathlightError("usage", "The grain does not fit the attributions.", {
      expected: `${size} features`,
      found: `${grain.cellOf.length} features`,
    });
  }
  const { state, rule, tolerance, rounds, errorByRound } = integration;
  const nodes = state.nodes.fork(grain);
  if (rule === "point") return describeGradient(nodes, integration.gradientAtInput, tolerance);

  const mesh = state.mesh === null ? null : regrainMesh(nodes, state.mesh);
  const assessment = mesh === null ? reassess(nodes, state.weights) : assessAdaptive(nodes, mesh);
  const within = isWithin(judge(nodes, assessment, state.safety), tolerance);
  const status: IntegrationStatus = within
    ? "converged"
    : integration.status === "converged"
      ? "budget"
      : integration.status;
  return describe(nodes, assessment, {
    rule,
    tolerance,
    safety: state.safety,
    status,
    rounds,
    errorByRound,
    mesh: mesh satisfies Mesh | null,
  });
}

function reassess(nodes: PathNodes, known: Float64Array): Assessment {
  const weights = new Float64Array(nodes.count);
  weights.set(known);
  const order = [...nodes.alphas.keys()]
    .filter((index) => weights[index] !== 0 || nodes.alphas[index] === 0 || nodes.alphas[index] === 1)
    .sort((i, j) => (nodes.alphas[i] as number) - (nodes.alphas[j] as number));
  return assessFixed(nodes, order, weights);
}
