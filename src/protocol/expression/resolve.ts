import { nearest } from "../../common/nearest.ts";
import { nodesOfTerm, type ScoreFunction, type ScoreTerm } from "../../common/scoreTerm.ts";
import { ExpressionError } from "./expressionError.ts";
import type { Expression, Place } from "./parse.ts";
import { isSingle, resolveCall, type Value } from "./resolveCall.ts";
import type { ExpressionScope, Shape } from "./scope.ts";

export interface ResolvedExpression {
  readonly term: ScoreTerm;
  /** With predictions and indices as the labels that they stand for: `logit["human"] − logit["entity"]`. */
  readonly text: string;
  /** Whether it reads the values that have the labels. */
  readonly readsLabels: boolean;
}

/** Words of the language, which hide outputs of the same name. */
export const reservedNames = ["logit", "probability", "predicted", "runner_up"] as const;

/**
 * Gives the names of an expression their meaning, and checks that the shapes fit and that one number comes out which
 * depends on the model. What the scope does not know is let through.
 *
 * @throws ExpressionError
 */
export function resolveExpression(expression: Expression, scope: ExpressionScope): ResolvedExpression {
  const resolver = new Resolver(scope);
  const value = resolver.value(expression);
  if (nodesOfTerm(value.term).length === 0) {
    throw new ExpressionError("The expression is a constant: there is nothing to explain.", expression, {
      expected: `an output of the model, such as logit[0]${outputsText(scope)}`,
      found: value.text,
    });
  }
  if (!isSingle(value.shape)) {
    throw new ExpressionError("The expression gives several numbers, and only one can be explained.", expression, {
      expected: "one number",
      found: `${value.text} of shape ${shapeText(value.shape)}`,
      whatToDo: `Choose one with an index, such as ${expressionHint(value)}, or make one number of them: sum(…), norm(…), dot(…, …), cosine(…, …).`,
    });
  }
  return { term: singleTerm(value), text: value.text, readsLabels: resolver.readsLabels };
}

class Resolver {
  readsLabels = false;
  readonly #scope: ExpressionScope;

  constructor(scope: ExpressionScope) {
    this.#scope = scope;
  }

  value(expression: Expression): Value {
    switch (expression.kind) {
      case "number":
        return {
          term: { kind: "number", value: expression.value },
          shape: [],
          text: String(expression.value),
          labelled: false,
        };
      case "string":
        throw new ExpressionError(`The label "${expression.text}" stands by itself.`, expression, {
          expected: "a label in brackets behind a value",
          found: `"${expression.text}"`,
          whatToDo: `Write logit["${expression.text}"]; for an output of the model, output("${expression.text}").`,
        });
      case "name":
        return this.#name(expression.name, expression);
      case "at":
        return this.#at(expression);
      case "negate": {
        const value = this.value(expression.of);
        return { ...value, term: call("negate", [value.term]), text: `−${wrapped(value, expression.of)}` };
      }
      case "binary":
        return this.#binary(expression);
      case "call":
        return this.#call(expression);
    }
  }

  #name(name: string, at: Expression): Value {
    const { head, predicted, runnerUp } = this.#scope;
    if (name === "logit") return this.#head(head.logit, "logit");
    if (name === "probability") return this.#probability(at);
    if (name === "predicted") return this.#choose(this.#head(head.logit, "logit"), [{ ...at, kind: "predicted" }]);
    if (name === "runner_up") return this.#choose(this.#head(head.logit, "logit"), [{ ...at, kind: "runner_up" }]);
    // Inner nodes are called by `node("…")`, so that a slip of the pen is not taken for one of thousands.
    const id = this.#scope.aliases?.get(name) ?? (this.#scope.outputs.includes(name) ? name : undefined);
    const shape = id === undefined ? undefined : this.#scope.shapeOf(id);
    if (id !== undefined && shape !== undefined) return this.#node(id, shape, name);
    const known = [...new Set([...(this.#scope.aliases?.keys() ?? []), ...this.#scope.outputs, ...reservedNames])];
    const meant = name === "runner" && predicted !== null && runnerUp !== null ? "runner_up" : nearest(name, known);
    throw new ExpressionError(`The model has no output "${name}".`, at, {
      expected: `one of ${known.join(", ")}`,
      found: name,
      whatToDo:
        meant === undefined
          ? `A label goes in brackets: logit["${name}"]. An inner node goes in node("${name}").`
          : `Did you mean ${meant}?`,
    });
  }

  #node(id: string, shape: Shape, text: string): Value {
    const { head } = this.#scope;
    const labelled = id === head.output || id === head.logit;
    return { term: { kind: "node", node: id }, shape, text, labelled };
  }

  /** The values that the predictions are of: a whole output, or its row for one position. */
  #head(id: string, text: string): Value {
    const whole = this.#node(id, this.#scope.shapeOf(id) ?? null, text);
    const { position } = this.#scope.head;
    if (position === null) return whole;
    return { ...whole, term: { kind: "at", of: whole.term, index: [position] }, shape: whole.shape?.slice(1) ?? null };
  }

  #probability(at: Expression): Value {
    const { probability, applied, output, logit } = this.#scope.head;
    if (probability === null) {
      throw new ExpressionError(`The output ${output} is no probability.`, at, {
        expected: "an output behind a softmax or sigmoid, or the task classification or multi-label in pathlight.json",
        found: "a task of regression",
        whatToDo: "Use logit, or softmax(…) and sigmoid(…) around what they are to be taken of.",
      });
    }
    if (applied) return this.#head(output, "probability");
    const logits = this.#head(logit, "probability");
    return { ...logits, term: call(probability, [logits.term]) };
  }

  #at(expression: Extract<Expression, { kind: "at" }>): Value {
    return this.#choose(this.value(expression.of), expression.places);
  }

  #choose(value: Value, places: readonly Place[]): Value {
    const { shape } = value;
    if (shape !== null && places.length > shape.length) {
      const place = places[shape.length] as Place;
      throw new ExpressionError(
        `${value.text} has no ${shape.length === 0 ? "" : "further "}axis to choose from.`,
        place,
        {
          expected: shape.length === 0 ? "no brackets behind a single number" : `at most ${shape.length} indices`,
          found: String(places.length),
        },
      );
    }
    const chosen = places.map((place, axis) => this.#index(place, value, axis, places.length));
    const term: ScoreTerm = { kind: "at", of: value.term, index: chosen.map(({ index }) => index) };
    const rest = shape === null ? null : shape.slice(places.length);
    return {
      term,
      shape: rest,
      text: `${value.text}[${chosen.map(({ text }) => text).join(", ")}]`,
      labelled: value.labelled && rest?.length !== 0,
    };
  }

  #index(place: Place, value: Value, axis: number, count: number): { index: number; text: string } {
    const size = value.shape?.[axis] ?? null;
    // Labels are along the last axis of what has them.
    const named = value.labelled && (value.shape === null ? axis === count - 1 : axis === value.shape.length - 1);
    if (named) this.readsLabels = true;
    const { labels } = this.#scope;
    const textOf = (index: number): string => {
      const label = named ? labels?.[index] : undefined;
      // Where several values have one name, only the index tells them apart.
      return label === undefined || labels?.indexOf(label) !== index ? String(index) : JSON.stringify(label);
    };
    if (place.kind === "number") {
      if (size !== null && place.index >= size) {
        throw new ExpressionError(`${value.text} has no place ${place.index}.`, place, {
          expected: size === 1 ? "0" : `an index from 0 to ${size - 1}`,
          found: String(place.index),
        });
      }
      return { index: place.index, text: textOf(place.index) };
    }
    if (place.kind === "label") {
      const index = named ? (labels ?? []).indexOf(place.label) : -1;
      if (index >= 0) return { index, text: textOf(index) };
      throw this.#noLabel(place, place.label, value, named);
    }
    const { predicted, runnerUp, head } = this.#scope;
    if (!named || value.shape?.length !== 1) {
      throw new ExpressionError(`${place.kind} does not apply to ${value.text}.`, place, {
        expected: `the logits of ${head.output}, one a class: logit[${place.kind}]`,
        found: `${value.text} of shape ${shapeText(value.shape)}`,
      });
    }
    if (place.kind === "runner_up" && value.shape[0] === 1) {
      throw new ExpressionError("The model has one output only: there is no runner-up.", place, {
        expected: "an output of at least two classes",
        found: "1",
      });
    }
    const index = place.kind === "predicted" ? predicted : runnerUp;
    return index === null ? { index: 0, text: place.kind } : { index, text: textOf(index) };
  }

  #noLabel(place: Place, label: string, value: Value, named: boolean): ExpressionError {
    const { labels, head } = this.#scope;
    if (!named) {
      return new ExpressionError(`The values of ${value.text} have no labels.`, place, {
        expected: `an index; labels belong to the output ${head.output}: logit["${label}"]`,
        found: JSON.stringify(label),
      });
    }
    if (labels === null) {
      return new ExpressionError("The model's outputs have no labels.", place, {
        expected: "an index from 0",
        found: JSON.stringify(label),
        whatToDo: "Name them with `labels` in pathlight.json.",
      });
    }
    const shown = labels.length > 12 ? `${labels.slice(0, 12).join(", ")}, …` : labels.join(", ");
    const meant = nearest(label, labels);
    return new ExpressionError(`There is no label "${label}".`, place, {
      expected: `one of ${shown}`,
      found: JSON.stringify(label),
      ...(meant === undefined ? {} : { whatToDo: `Did you mean "${meant}"?` }),
    });
  }

  #binary(expression: Extract<Expression, { kind: "binary" }>): Value {
    const { operator } = expression;
    const [left, right] = [this.value(expression.left), this.value(expression.right)];
    const singles = [isSingle(left.shape), isSingle(right.shape)];
    if (!singles[0] && !singles[1] && !fits(left.shape, right.shape)) {
      throw new ExpressionError(`The shapes of ${left.text} and ${right.text} do not fit.`, expression, {
        expected: "two values of one shape, or one of them a single number",
        found: `${shapeText(left.shape)} and ${shapeText(right.shape)}`,
      });
    }
    if (operator === "/" && right.term.kind === "number" && right.term.value === 0) {
      throw new ExpressionError("The expression divides by zero.", expression.right, {
        expected: "a number other than 0",
        found: "0",
      });
    }
    const signs = { "+": "+", "-": "−", "*": "×", "/": "÷" } as const;
    const whole = singles[0] ? right : left;
    return {
      term: {
        kind: "binary",
        operator,
        left: singles[0] ? singleTerm(left) : left.term,
        right: singles[1] ? singleTerm(right) : right.term,
      },
      shape: singles[0] && singles[1] ? [] : whole.shape,
      text: `${wrappedFor(operator, left, expression.left, "left")} ${signs[operator]} ${wrappedFor(operator, right, expression.right, "right")}`,
      labelled: whole.labelled && !(singles[0] && singles[1]),
    };
  }

  #call(expression: Extract<Expression, { kind: "call" }>): Value {
    const { name, args } = expression;
    if (name === "output" || name === "node") return this.#named(expression);
    return resolveCall(
      expression,
      args.map((arg) => this.value(arg)),
      this.#scope,
    );
  }

  /** `output("name")`, for names that are no words. */
  #named(expression: Extract<Expression, { kind: "call" }>): Value {
    const [first, ...more] = expression.args;
    const name = first?.kind === "string" ? first.text : first?.kind === "name" ? first.name : undefined;
    if (first === undefined || name === undefined || more.length > 0) {
      throw new ExpressionError(`${expression.name} takes the name of one output.`, expression, {
        expected: `${expression.name}("name")`,
        found: `${expression.args.length} arguments`,
      });
    }
    const shape = this.#scope.shapeOf(name);
    if (shape !== undefined) return this.#node(name, shape, `${expression.name}(${JSON.stringify(name)})`);
    const meant = nearest(name, this.#scope.outputs);
    throw new ExpressionError(`The model has no output or node ${JSON.stringify(name)}.`, first, {
      expected: `one of ${this.#scope.outputs.join(", ")}, or an inner node`,
      found: name,
      ...(meant === undefined ? {} : { whatToDo: `Did you mean ${meant}?` }),
    });
  }
}

function call(name: ScoreFunction, args: readonly ScoreTerm[]): ScoreTerm {
  return { kind: "call", call: name, args };
}

/** A value of one number without its axes of one. */
function singleTerm({ term, shape }: Value): ScoreTerm {
  return shape === null || shape.length === 0 ? term : { kind: "at", of: term, index: shape.map(() => 0) };
}

function fits(left: Shape, right: Shape): boolean {
  if (left === null || right === null) return true;
  return left.length === right.length && left.every((side, i) => side === null || (right[i] ?? side) === side);
}

export function shapeText(shape: Shape): string {
  return shape === null ? "unknown" : `[${shape.map((side) => side ?? "?").join(", ")}]`;
}

function outputsText({ outputs }: ExpressionScope): string {
  return outputs.length === 0 ? "" : ` or one of ${outputs.join(", ")}`;
}

function expressionHint({ text, shape, labelled }: Value): string {
  const places = (shape ?? [0]).map((_, axis, all) => (labelled && axis === all.length - 1 ? "predicted" : "0"));
  return `${text}[${places.join(", ")}]`;
}

function wrapped(value: Value, expression: Expression): string {
  return expression.kind === "binary" ? `(${value.text})` : value.text;
}

/** Parentheses where they are needed to read it back the same. */
function wrappedFor(operator: string, value: Value, expression: Expression, side: "left" | "right"): string {
  if (expression.kind === "negate") return side === "left" ? value.text : `(${value.text})`;
  if (expression.kind !== "binary") return value.text;
  const product = operator === "*" || operator === "/";
  const inner = expression.operator === "*" || expression.operator === "/";
  const needed = product ? !inner || side === "right" : side === "right" && !inner;
  return needed ? `(${value.text})` : value.text;
}
