import { dispose, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { nodesOfTerm, partsOfTerm, type ScoreTerm } from "../common/scoreTerm.ts";
import type { DifferentiableModel, NodeId } from "./port.ts";
import { type ScoreTarget, type TermTarget, windowsAsRows } from "./scoreOf.ts";
import { termOf } from "./termOf.ts";

/** Why an expression over a model's finite values at these feeds is not a finite number, in words; null where it is not to blame. */
export function nonFiniteScore(
  model: Pick<DifferentiableModel, "evaluate">,
  feeds: ReadonlyMap<NodeId, Tensor>,
  { term, windows }: TermTarget & Pick<ScoreTarget, "windows">,
): string | null {
  const nodes = nodesOfTerm(term);
  let outputs: Tensor[] = [];
  try {
    outputs = tidy(() => {
      const values = new Map(model.evaluate(feeds, nodes).map((value, k) => [nodes[k] as NodeId, value]));
      return [...(windows === true ? windowsAsRows(values) : values).values()];
    });
    return nonFiniteTerm(term, new Map(nodes.map((id, k) => [id, outputs[k] as Tensor])));
  } finally {
    dispose(outputs);
  }
}

/** The innermost part at fault. Reads values back: for error messages only. */
function nonFiniteTerm(term: ScoreTerm, values: ReadonlyMap<NodeId, Tensor>): string | null {
  for (const part of partsOfTerm(term)) {
    const within = nonFiniteTerm(part, values);
    if (within !== null) return within;
  }
  if (partsOfTerm(term).length === 0 || allFinite(numbersOf(term, values))) return null;
  const parts = partsOfTerm(term).map((part) => numbersOf(part, values));
  return parts.every(allFinite) ? reasonOf(term, parts) : null;
}

function reasonOf(term: ScoreTerm, [first = [], second = []]: readonly (readonly number[])[]): string {
  if (term.kind === "binary") return term.operator === "/" ? "it divides by zero there" : "a number is too large there";
  if (term.kind !== "call") return "a number is too large there";
  switch (term.call) {
    case "cosine": {
      const zero = [first, second].findIndex((vector) => vector.every((value) => value === 0));
      if (zero < 0) return "the cosine of vectors this large or this small cannot be computed in float32";
      return `the ${zero === 0 ? "first" : "second"} vector of the cosine is zero there, and has no direction`;
    }
    case "log":
      return "it takes the logarithm of a number that is not above 0 there";
    case "sqrt":
      return "it takes the square root of a negative number there";
    default:
      return `${term.call} gives no finite number there`;
  }
}

function numbersOf(term: ScoreTerm, values: ReadonlyMap<NodeId, Tensor>): number[] {
  return tidy(() => Array.from(termOf(term, values).dataSync()));
}

function allFinite(numbers: readonly number[]): boolean {
  return numbers.every(Number.isFinite);
}
