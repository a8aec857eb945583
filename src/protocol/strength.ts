import type { Prediction } from "./explanation.ts";

/**
 * Order of predictions, the strongest first, by what is shown of them; the logit tells those apart whose probabilities are
 * equal in float32. Of one reading both are the same order, of means over windows they need not be.
 */
export function byStrength(a: Pick<Prediction, "score" | "logit">, b: Pick<Prediction, "score" | "logit">): number {
  return b.score - a.score || b.logit - a.logit;
}
