/**
 * A score as a calculation over what a model puts out: names are node ids, indices are numbers, so that it is the same
 * along a whole path and on every thread. Shapes are without the batch axis.
 */
export type ScoreTerm =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "node"; readonly node: string }
  /** The part at these places of the first axes. */
  | { readonly kind: "at"; readonly of: ScoreTerm; readonly index: readonly number[] }
  /** The sum over the first axis, each part times its weight: a mean over the positions that a mask lets through. */
  | { readonly kind: "weighted"; readonly of: ScoreTerm; readonly weights: readonly number[] }
  | { readonly kind: "binary"; readonly operator: ScoreOperator; readonly left: ScoreTerm; readonly right: ScoreTerm }
  | { readonly kind: "call"; readonly call: ScoreFunction; readonly args: readonly ScoreTerm[] };

export const scoreOperators = ["+", "-", "*", "/"] as const;
export type ScoreOperator = (typeof scoreOperators)[number];

/** `sum` and `mean` are over the first axis, the softmaxes over the last; `cosine`, `dot` and `norm` are of vectors. */
export const scoreFunctions = [
  "negate",
  "cosine",
  "dot",
  "norm",
  "softmax",
  "log_softmax",
  "sigmoid",
  "log",
  "exp",
  "sqrt",
  "abs",
  "sum",
  "mean",
] as const;
export type ScoreFunction = (typeof scoreFunctions)[number];

/** The nodes that a score is calculated from, each once. */
export function nodesOfTerm(term: ScoreTerm): string[] {
  const found = new Set<string>();
  const visit = (each: ScoreTerm): void => {
    if (each.kind === "node") found.add(each.node);
    for (const part of partsOfTerm(each)) visit(part);
  };
  visit(term);
  return [...found];
}

/** Whether it counts positions by weights, which belong to one text. */
export function hasWeights(term: ScoreTerm): boolean {
  return term.kind === "weighted" || partsOfTerm(term).some(hasWeights);
}

export function partsOfTerm(term: ScoreTerm): readonly ScoreTerm[] {
  switch (term.kind) {
    case "number":
    case "node":
      return [];
    case "at":
    case "weighted":
      return [term.of];
    case "binary":
      return [term.left, term.right];
    case "call":
      return term.args;
  }
}
