import { assertNever, PathlightError } from "../../common/errors.ts";
import { gaussLegendre } from "./gaussLegendre.ts";

export const fixedRules = ["gauss-legendre", "midpoint", "trapezoid", "riemann-left", "riemann-right"] as const;
export type FixedRule = (typeof fixedRules)[number];
export type QuadratureRule = "adaptive" | FixedRule;

/** Nodes in [0, 1], ascending; the weights sum to 1. */
export interface NodesAndWeights {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/** A rule of `steps` nodes. The trapezoid needs two, the others one. */
export function fixedRule(rule: FixedRule, steps: number): NodesAndWeights {
  const least = rule === "trapezoid" ? 2 : 1;
  if (!Number.isInteger(steps) || steps < least) {
    throw new PathlightError("usage", `The rule ${rule} cannot have ${steps} steps.`, {
      expected: `a whole number of steps, ${least} or more`,
      found: String(steps),
    });
  }
  switch (rule) {
    case "gauss-legendre":
      return gaussLegendre(steps);
    case "midpoint":
      return equalWeights(steps, 0.5);
    case "riemann-left":
      return equalWeights(steps, 0);
    case "riemann-right":
      return equalWeights(steps, 1);
    case "trapezoid": {
      const gaps = steps - 1;
      const nodes = Float64Array.from({ length: steps }, (_, j) => j / gaps);
      const weights = Float64Array.from({ length: steps }, (_, j) => (j === 0 || j === gaps ? 0.5 : 1) / gaps);
      return { nodes, weights };
    }
    default:
      return assertNever(rule);
  }
}

function equalWeights(steps: number, offset: number): NodesAndWeights {
  return {
    nodes: Float64Array.from({ length: steps }, (_, j) => (j + offset) / steps),
    weights: new Float64Array(steps).fill(1 / steps),
  };
}
