import {
  abs,
  add,
  div,
  exp,
  log,
  logSoftmax,
  mean,
  mul,
  neg,
  reshape,
  scalar,
  sigmoid,
  slice,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
} from "@tensorflow/tfjs-core";
import { assertNever, PathlightError } from "../common/errors.ts";
import type { ScoreFunction, ScoreOperator, ScoreTerm } from "../common/scoreTerm.ts";
import type { NodeId } from "./port.ts";

/** Feature axis of a vector, behind the batch axis. */
const FEATURES = 1;

/**
 * A calculation over rows of node values, [batch, ...] each; a constant has rank 0. Differentiable; to be called inside
 * `tidy`. Throws `target-invalid` where the values have other shapes than the calculation was made for.
 */
export function termOf(term: ScoreTerm, values: ReadonlyMap<NodeId, Tensor>): Tensor {
  const of = (part: ScoreTerm): Tensor => termOf(part, values);
  switch (term.kind) {
    case "number":
      return scalar(term.value);
    case "node":
      return values.get(term.node) ?? missing(term.node);
    case "at":
      return at(of(term.of), term.index);
    case "weighted":
      return weighted(of(term.of), term.weights);
    case "binary":
      return binary(term.operator, of(term.left), of(term.right));
    case "call":
      return applied(term.call, term.args.map(of));
    default:
      return assertNever(term);
  }
}

function at(value: Tensor, index: readonly number[]): Tensor {
  const [rows = 1, ...shape] = value.shape;
  const sizes = shape.slice(0, index.length);
  if (index.length > shape.length || index.some((place, axis) => place >= (sizes[axis] ?? 0))) {
    throw misfit(`a value with a place [${index.join(", ")}]`, shape);
  }
  const rest = shape.slice(index.length);
  const part = slice(value, [0, ...index, ...rest.map(() => 0)], [rows, ...index.map(() => 1), ...rest]);
  return reshape(part, [rows, ...rest]);
}

function weighted(value: Tensor, weights: readonly number[]): Tensor {
  const [, count, ...rest] = value.shape;
  if (count !== weights.length) throw misfit(`${weights.length} positions`, value.shape.slice(1));
  return sum(mul(value, tensor([...weights], [1, weights.length, ...rest.map(() => 1)], "float32")), FEATURES);
}

/** Of one shape, or one of them a number a row, or a constant. */
function binary(operator: ScoreOperator, left: Tensor, right: Tensor): Tensor {
  const rank = Math.max(left.rank, right.rank);
  const [a, b] = [expanded(left, rank), expanded(right, rank)];
  if (left.rank > 1 && right.rank > 1 && left.shape.join() !== right.shape.join()) {
    throw misfit(`[${left.shape.slice(1).join(", ")}] on both sides`, right.shape.slice(1));
  }
  switch (operator) {
    case "+":
      return add(a, b);
    case "-":
      return sub(a, b);
    case "*":
      return mul(a, b);
    case "/":
      return div(a, b);
    default:
      return assertNever(operator);
  }
}

/** [batch] as [batch, 1, ...], so that it goes with every value of its row. */
function expanded(value: Tensor, rank: number): Tensor {
  if (value.rank === 0 || value.rank === rank) return value;
  return reshape(value, [...value.shape, ...Array.from({ length: rank - value.rank }, () => 1)]);
}

function applied(name: ScoreFunction, args: readonly Tensor[]): Tensor {
  const [a, b] = args;
  if (a === undefined) throw new PathlightError("internal", `${name} has no argument.`);
  switch (name) {
    case "negate":
      return neg(a);
    case "softmax":
      return softmax(a);
    case "log_softmax":
      return logSoftmax(a);
    case "sigmoid":
      return sigmoid(a);
    case "log":
      return log(a);
    case "exp":
      return exp(a);
    case "sqrt":
      return sqrt(a);
    case "abs":
      return abs(a);
    case "sum":
      return sum(a, FEATURES);
    case "mean":
      return mean(a, FEATURES);
    case "norm":
      return norm(a);
    case "dot":
      return dot(a, b);
    case "cosine":
      return div(dot(a, b), mul(norm(a), norm(b ?? a)));
    default:
      return assertNever(name);
  }
}

/** tfjs' own `norm` has no slope at nothing but zeros that is a number; nor has the function, and a vector of zeros is refused by name. */
function norm(a: Tensor): Tensor {
  return sqrt(sum(square(a), FEATURES));
}

function dot(a: Tensor, b: Tensor | undefined): Tensor {
  if (b === undefined || a.rank !== 2 || a.shape.join() !== b.shape.join()) {
    throw misfit(`two vectors of ${a.shape[1] ?? 1} values`, b?.shape.slice(1) ?? []);
  }
  return sum(mul(a, b), FEATURES);
}

function missing(node: NodeId): never {
  throw new PathlightError("internal", `The value of ${node} was not fetched.`);
}

function misfit(expected: string, found: readonly number[]): PathlightError {
  return new PathlightError("target-invalid", "The outputs do not have the shapes that the target expression needs.", {
    expected,
    found: `[${found.join(", ")}]`,
    whatToDo: "Write an expression for the shapes that the model puts out here.",
  });
}
