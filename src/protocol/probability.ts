import type { Prediction } from "./explanation.ts";

/**
 * Whether the scores of an output are probabilities. A regression may well say 0.4; its score is then the very value that
 * stands before any activation, which a probability is not.
 */
export function areProbabilities(predictions: readonly Pick<Prediction, "score" | "logit">[]): boolean {
  return predictions.every(({ score }) => score >= 0 && score <= 1) && !areValues(predictions);
}

/** Whether there is no activation, so that what is explained is the value itself. */
export function areValues(predictions: readonly Pick<Prediction, "score" | "logit">[]): boolean {
  return predictions.length > 0 && predictions.every(({ score, logit }) => score === logit);
}
