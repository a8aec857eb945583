import { tidy } from "@tensorflow/tfjs-core";
import { PathlightError } from "../common/errors.ts";
import { hasWeights } from "../common/scoreTerm.ts";
import { nonFiniteScore } from "../engine/nonFiniteTerm.ts";
import { type ScoreTarget, scoreOf, type TermTarget } from "../engine/scoreOf.ts";
import { fromTensorError } from "../engine/tensorErrors.ts";
import type { Prediction } from "../protocol/explanation.ts";
import { parseExpression } from "../protocol/expression/parse.ts";
import { resolveExpression } from "../protocol/expression/resolve.ts";
import { expressionScope, type ScopeFacts } from "./expressionScope.ts";
import type { SubjectTarget } from "./subject.ts";

/**
 * Resolves a target expression at the sample: from then on it is the same along the whole path, also where the prediction
 * changes on the way. `predictions`: those that there are, none where the numbers of the output are no classes. Throws
 * `target-invalid`, and `not-finite` for an expression without a value at the sample.
 */
export function expressionTarget(
  source: string,
  facts: ScopeFacts,
): { readonly target: SubjectTarget; readonly predictions: readonly Prediction[] } {
  const { term, text, readsLabels } = resolveExpression(parseExpression(source), expressionScope(facts));
  const score: ScoreTarget & TermTarget = { term, ...(facts.windowed === true ? { windows: true } : {}) };
  const value = valueAtSample(score, facts);
  return {
    target: { index: null, label: text, value, expression: { source: source.trim(), score } },
    // The numbers of an embedding are no classes: nobody named them, and the expression does not choose among them.
    predictions: readsLabels || facts.labelled ? facts.predictions : [],
  };
}

/**
 * The score of a run, whose target reads `label`, at another sample: the same classes, also where others are predicted
 * there; what a mean counts belongs to each text.
 */
export function scoreAtSample(label: string, score: ScoreTarget, facts: ScopeFacts): ScoreTarget {
  if (!readsPadding(score)) return score;
  return { ...score, term: resolveExpression(parseExpression(label), expressionScope(facts)).term };
}

/** Whether the score is another calculation for a text that is padded otherwise. */
export function readsPadding(score: ScoreTarget): boolean {
  return "term" in score && hasWeights(score.term);
}

function valueAtSample(target: ScoreTarget & TermTarget, { model, feeds }: ScopeFacts): number {
  try {
    const [value = Number.NaN] = tidy(() => scoreOf(model, feeds, target).dataSync());
    if (Number.isFinite(value)) return value;
    const reason = nonFiniteScore(model, feeds, target) ?? `it is ${value}`;
    throw new PathlightError("not-finite", `The target expression has no finite value at the sample: ${reason}.`, {
      expected: "one finite number",
      found: String(value),
      whatToDo: "Choose another expression.",
    });
  } catch (error) {
    throw fromTensorError(error);
  }
}
