import type { Prediction } from "../../src/protocol/explanation.ts";
import { areProbabilities } from "../../src/protocol/probability.ts";
import { byStrength } from "../../src/protocol/strength.ts";

/** Rows that fit beside the settings; the last one opens the search where there are more classes. */
const ROWS = 3;

interface PredictionRows {
  readonly rows: readonly Prediction[];
  readonly others: readonly Prediction[];
  /** Whether scores are probabilities, and whether they share one. */
  readonly probabilities: boolean;
  readonly exclusive: boolean;
}

/** The strongest classes; the one that is explained is always among them. */
export function predictionRows(predictions: readonly Prediction[], target: number | null): PredictionRows {
  const ranked = [...predictions].sort(byStrength);
  const shown = ranked.length <= ROWS ? ranked.length : ROWS - 1;
  const rows = ranked.slice(0, shown);
  const chosen = ranked.find((prediction) => prediction.index === target);
  if (chosen !== undefined && !rows.includes(chosen)) rows[rows.length - 1] = chosen;
  const probabilities = areProbabilities(ranked);
  const sum = ranked.reduce((total, { score }) => total + score, 0);
  return {
    rows,
    others: ranked.filter((prediction) => !rows.includes(prediction)),
    probabilities,
    exclusive: probabilities && sum < 1.01 && sum > 0.5,
  };
}
