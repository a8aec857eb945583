import { nearest } from "../../common/nearest.ts";
import { nodesOfTerm, type ScoreFunction, type ScoreTerm, scoreFunctions } from "../../common/scoreTerm.ts";
import { ExpressionError } from "./expressionError.ts";
import type { Expression } from "./parse.ts";
import type { ExpressionScope, Shape } from "./scope.ts";

/** A part of an expression with its meaning. */
export interface Value {
  readonly term: ScoreTerm;
  readonly shape: Shape;
  /** As a person reads it. */
  readonly text: string;
  /** Whether the labels of the model belong to its last axis. */
  readonly labelled: boolean;
}

type Kind = "elementwise" | "softmax" | "vector" | "two vectors" | "first axis";

const kinds: Readonly<Record<Exclude<ScoreFunction, "negate">, Kind>> = {
  cosine: "two vectors",
  dot: "two vectors",
  norm: "vector",
  softmax: "softmax",
  log_softmax: "softmax",
  sigmoid: "elementwise",
  log: "elementwise",
  exp: "elementwise",
  sqrt: "elementwise",
  abs: "elementwise",
  sum: "first axis",
  mean: "first axis",
};

/** The functions that can be called, besides `output`. */
const callable = scoreFunctions.filter((name) => name !== "negate");

/** One number, whatever the axes of one around it. */
export function isSingle(shape: Shape): boolean {
  return shape === null || shape.every((side) => side === 1);
}

/** @throws ExpressionError for functions that there are not, and arguments that do not fit. */
export function resolveCall(
  expression: Extract<Expression, { kind: "call" }>,
  args: readonly Value[],
  scope: ExpressionScope,
): Value {
  const name = callable.find((each) => each === expression.name);
  if (name === undefined) throw unknownFunction(expression);
  const kind = kinds[name];
  const wanted = kind === "two vectors" ? 2 : 1;
  const [first, second] = args;
  if (first === undefined || args.length !== wanted) {
    throw new ExpressionError(`${name} takes ${wanted === 1 ? "one argument" : "two arguments"}.`, expression, {
      expected: wanted === 1 ? `${name}(a)` : `${name}(a, b)`,
      found: String(args.length),
    });
  }
  const text = `${name}(${args.map((arg) => arg.text).join(", ")})`;
  const term: ScoreTerm = { kind: "call", call: name, args: args.map((arg) => arg.term) };
  switch (kind) {
    case "elementwise":
      return { ...first, term, text };
    case "softmax":
      if (first.shape?.length === 0) throw notThis(expression, name, "a vector", first);
      return { ...first, term, text };
    case "vector":
      checkVector(expression, name, first);
      return { term, shape: [], text, labelled: false };
    case "two vectors":
      return { term: twoVectors(expression, name, first, second ?? first, term), shape: [], text, labelled: false };
    case "first axis":
      return {
        term: overFirstAxis(name, first, term, scope, expression),
        shape: first.shape?.slice(1) ?? null,
        text,
        labelled: false,
      };
  }
}

function twoVectors(expression: Expression, name: string, left: Value, right: Value, term: ScoreTerm): ScoreTerm {
  checkVector(expression, name, left);
  checkVector(expression, name, right);
  const [a, b] = [left.shape?.[0] ?? null, right.shape?.[0] ?? null];
  if (a !== null && b !== null && a !== b) {
    throw new ExpressionError(`${name} needs two vectors of one length.`, expression, {
      expected: `${left.text} and ${right.text} of the same length`,
      found: `${a} and ${b} values`,
    });
  }
  return term;
}

function overFirstAxis(
  name: ScoreFunction,
  value: Value,
  term: ScoreTerm,
  scope: ExpressionScope,
  expression: Expression,
): ScoreTerm {
  const { shape } = value;
  if (shape?.length === 0) throw notThis(expression, name, "a vector, or several", value);
  const count = shape?.[0];
  if (name !== "mean" || shape === null || shape.length < 2 || count === null || count === undefined) return term;
  const weights = scope.positionWeights(nodesOfTerm(value.term), count);
  return weights === null ? term : { kind: "weighted", of: value.term, weights };
}

function checkVector(expression: Expression, name: string, value: Value): void {
  if (value.shape === null || value.shape.length === 1) return;
  throw notThis(expression, name, "a vector", value);
}

function notThis(expression: Expression, name: string, wanted: string, { text, shape }: Value): ExpressionError {
  const sides = (shape ?? []).map((side) => side ?? "?").join(", ");
  const several = (shape?.length ?? 0) > 1;
  return new ExpressionError(`${name} needs ${wanted}.`, expression, {
    expected: wanted,
    found: several ? `${text} of shape [${sides}]` : `${text}, a single number`,
    ...(several ? { whatToDo: `Make one of it: mean(${text}) or ${text}[0].` } : {}),
  });
}

function unknownFunction({ name, start }: Extract<Expression, { kind: "call" }>): ExpressionError {
  const known = [...callable, "output"];
  const meant = nearest(name, known);
  return new ExpressionError(
    `There is no function "${name}".`,
    { start, end: start + name.length },
    {
      expected: `one of ${known.join(", ")}`,
      found: name,
      ...(meant === undefined ? {} : { whatToDo: `Did you mean ${meant}?` }),
    },
  );
}
