import type { Prediction } from "../protocol/explanation.ts";
import { formatProbability, formatScore } from "../protocol/format.ts";

/** `cat 92.1 %` for a probability, `price 7.55` for a score that is none. */
export function predictionText({ label, score, logit }: Prediction): string {
  const isProbability = score >= 0 && score <= 1 && score !== logit;
  return `${label} ${isProbability ? formatProbability(score) : formatScore(score)}`;
}
