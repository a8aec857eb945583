import type { Prediction } from "../protocol/explanation.ts";
import { formatProbability, formatScore } from "../protocol/format.ts";
import { areProbabilities } from "../protocol/probability.ts";

/** `cat 92.1 %` for a probability, `price 7.55` for a score that is none. */
export function predictionText(prediction: Prediction): string {
  const { label, score } = prediction;
  return `${label} ${areProbabilities([prediction]) ? formatProbability(score) : formatScore(score)}`;
}
