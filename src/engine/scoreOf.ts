import { mean, reshape, sigmoid, slice, softmax, type Tensor, type Tensor1D } from "@tensorflow/tfjs-core";
import { assertNever, PathlightError } from "../common/errors.ts";
import { nodesOfTerm, type ScoreTerm } from "../common/scoreTerm.ts";
import type { DifferentiableModel, NodeId } from "./port.ts";
import { termOf } from "./termOf.ts";

/** What is applied to the fetched node: nothing, or the function whose logits it holds (softmax over the last axis). */
export type Link = "identity" | "softmax" | "sigmoid";

/** One value of one node. */
export interface PlaceTarget {
  readonly fetch: NodeId;
  /** Place in the node without its batch axis: one index an axis, or one number counted over all of them. */
  readonly index: number | readonly number[];
  readonly link: Link;
}

/** A calculation over nodes that gives one number a row. */
export interface TermTarget {
  readonly term: ScoreTerm;
}

/**
 * The one number that is explained. Plain data: it goes to other threads. `windows`: the model reads a sample in several
 * windows, its values are [batch, windows, ...], and the score is the mean of that of each window.
 */
export type ScoreTarget = (PlaceTarget | TermTarget) & { readonly windows?: true | undefined };

/** The nodes that the score is read from, each once. */
export function fetchesOf(target: ScoreTarget): NodeId[] {
  return "term" in target ? nodesOfTerm(target.term) : [target.fetch];
}

/**
 * The score of each row of the feeds, [batch]. Differentiable; to be called inside `tidy`. Throws what `evaluate` throws,
 * and `target-invalid` where the target is not in what the model puts out.
 */
export function scoreOf(
  model: Pick<DifferentiableModel, "evaluate">,
  feeds: ReadonlyMap<NodeId, Tensor>,
  target: ScoreTarget,
): Tensor1D {
  const fetches = fetchesOf(target);
  const outputs = model.evaluate(feeds, fetches);
  return scoreFrom(new Map(fetches.map((id, k) => [id, outputs[k] as Tensor])), target);
}

/** The same from values of the nodes that `fetchesOf` names, [batch, ...] each. */
export function scoreFrom(values: ReadonlyMap<NodeId, Tensor>, target: ScoreTarget): Tensor1D {
  return target.windows === true ? meanOverWindows(values, target) : scoreOfRows(values, target);
}

/** Each window counts as a row of its own until its score is known. */
function meanOverWindows(values: ReadonlyMap<NodeId, Tensor>, target: ScoreTarget): Tensor1D {
  const [batch = 1, windows = 1] = [...values.values()][0]?.shape ?? [];
  return mean(reshape(scoreOfRows(windowsAsRows(values), target), [batch, windows]), 1);
}

/** [batch, windows, ...] → [batch · windows, ...]. */
export function windowsAsRows(values: ReadonlyMap<NodeId, Tensor>): Map<NodeId, Tensor> {
  return new Map([...values].map(([id, value]) => [id, reshape(value, [-1, ...value.shape.slice(2)])]));
}

function scoreOfRows(values: ReadonlyMap<NodeId, Tensor>, target: ScoreTarget): Tensor1D {
  if ("term" in target) return oneNumber(termOf(target.term, values));
  const output = values.get(target.fetch);
  if (output === undefined) throw new PathlightError("internal", `The value of ${target.fetch} was not fetched.`);
  return valueAt(output, target);
}

function oneNumber(score: Tensor): Tensor1D {
  const rows = score.shape[0] ?? 1;
  if (score.rank > 0 && score.size === rows) return reshape(score, [rows]);
  throw new PathlightError("target-invalid", "The target expression does not give one number.", {
    expected: "one number a sample",
    found: `[${score.shape.slice(1).join(", ")}]`,
    whatToDo: "Choose one of them with an index.",
  });
}

function valueAt(output: Tensor, { index, link, fetch }: PlaceTarget): Tensor1D {
  const shape = output.shape.slice(1);
  const place = typeof index === "number" ? unflatten(index, shape) : index;
  if (place.length !== shape.length || place.some((at, axis) => !isWithin(at, shape[axis] as number))) {
    throw new PathlightError("target-invalid", `The target ${JSON.stringify(index)} is not in the output ${fetch}.`, {
      expected:
        shape.length === 1 ? `an index from 0 to ${(shape[0] as number) - 1}` : `an index into [${shape.join(", ")}]`,
      found: JSON.stringify(index),
      whatToDo: "Choose a target that the output has.",
    });
  }
  const linked = applyLink(output, link);
  const one = slice(linked, [0, ...place], [output.shape[0] as number, ...place.map(() => 1)]);
  return reshape(one, [output.shape[0] as number]);
}

function applyLink(output: Tensor, link: Link): Tensor {
  switch (link) {
    case "identity":
      return output;
    case "sigmoid":
      return sigmoid(output);
    case "softmax":
      if (output.rank > 1) return softmax(output);
      throw new PathlightError("link-invalid", "A softmax needs an output with more than one value a row.", {
        expected: "an output of shape [batch, ..., classes]",
        found: `[${output.shape.join(", ")}]`,
        whatToDo: "Explain the logit or use a sigmoid.",
      });
    default:
      return assertNever(link);
  }
}

function unflatten(index: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  let rest = index;
  for (const size of shape.toReversed()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return rest === 0 ? place : [];
}

function isWithin(index: number, size: number): boolean {
  return Number.isInteger(index) && index >= 0 && index < size;
}
