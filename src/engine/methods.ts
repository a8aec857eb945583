import { throwIfCancelled } from "../common/cancellation.ts";
import { assertNever } from "../common/errors.ts";
import { describe } from "./describe.ts";
import { type Grain, identityGrain } from "./grain.ts";
import { type IntegrateOptions, integrate } from "./integrate.ts";
import type { Integration } from "./integration.ts";
import type { ModelIntegrand } from "./modelIntegrand.ts";
import { PathNodes } from "./pathNodes.ts";
import { assessPoint } from "./quadrature/point.ts";

export const methods = ["integrated-gradients", "gradient", "input-x-gradient"] as const;
/**
 * `integrated-gradients`: ∫ (x − x') ⊙ ∇F over the path. `gradient`: ∇F(x). `input-x-gradient`: x ⊙ ∇F(x) (Shrikumar
 * et al. 2016).
 */
export type Method = (typeof methods)[number];

/**
 * Attributions by any method, in one shape. The two gradients do not add up to ΔF and do not claim to: their sum and
 * completeness error are what they are, they approximate no integral, so `featureError` is null, the status is
 * `converged` and there are no intervals. They cost the two ends of the path.
 */
export async function attribute(
  integrand: ModelIntegrand,
  method: Method,
  options: IntegrateOptions,
): Promise<Integration> {
  switch (method) {
    case "integrated-gradients":
      return integrate(integrand, options);
    case "gradient":
      return gradientAtInput(integrand, options, (gradient) => gradient);
    case "input-x-gradient":
      return gradientAtInput(integrand, options, (gradient) => multiply(gradient, integrand.input));
    default:
      return assertNever(method);
  }
}

type Weighting = (gradient: Float32Array) => Float32Array;

async function gradientAtInput(
  integrand: ModelIntegrand,
  { grain, signal, tolerance, onRound }: IntegrateOptions,
  weigh: Weighting,
): Promise<Integration> {
  throwIfCancelled(signal);
  const { f, gradients } = await integrand.gradients([0, 1]);
  throwIfCancelled(signal);
  const nodes = new PathNodes((grain ?? identityGrain(integrand.size)) satisfies Grain);
  const [first, last] = gradients as [Float32Array, Float32Array];
  nodes.add(0, f[0] as number, weigh(first));
  nodes.add(1, f[1] as number, weigh(last));
  const result = describeGradient(nodes, multiply(last, integrand.difference), tolerance);
  const { completenessError, sum } = result;
  const completeness = completenessError.relative ?? completenessError.absolute / Math.max(Math.abs(sum), 1e-300);
  onRound?.({ evaluations: 2, completeness, feature: 0, round: 1, status: result.status, integration: () => result });
  return result;
}

/** The result of a method that reads the gradient at x, which `nodes` holds as it is to be shown. */
export function describeGradient(nodes: PathNodes, gradientAtInput: Float32Array, tolerance: number): Integration {
  const assessment = assessPoint(nodes, nodes.indexOf(1) as number);
  const description = { tolerance, safety: 1, status: "converged", rounds: 1, errorByRound: [], mesh: null } as const;
  return {
    ...describe(nodes, assessment, { rule: "point", ...description }),
    cellErrors: new Float64Array(assessment.cells.length),
    featureError: null,
    gradientAtInput,
  };
}

function multiply(left: Float32Array, right: Float32Array): Float32Array {
  return left.map((value, i) => value * (right[i] as number));
}
