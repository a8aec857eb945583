import type { ScoreOperator } from "../../common/scoreTerm.ts";
import { ExpressionError } from "./expressionError.ts";
import { type Token, tokensOf } from "./lexer.ts";

interface Span {
  /** UTF-16 offsets in the source. */
  readonly start: number;
  readonly end: number;
}

/** A place in brackets: a number from 0, a label, or what the model predicts. */
export type Place = Span &
  (
    | { readonly kind: "number"; readonly index: number }
    | { readonly kind: "label"; readonly label: string }
    | { readonly kind: "predicted" | "runner_up" }
  );

/** An expression as it is written; names mean nothing yet. */
export type Expression = Span &
  (
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "string"; readonly text: string }
    | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] }
    | { readonly kind: "at"; readonly of: Expression; readonly places: readonly Place[] }
    | { readonly kind: "negate"; readonly of: Expression }
    | {
        readonly kind: "binary";
        readonly operator: ScoreOperator;
        readonly left: Expression;
        readonly right: Expression;
      }
  );

/** How tightly the operators bind; a sign in front binds like a product. */
const strength: ReadonlyMap<string, number> = new Map([
  ["+", 1],
  ["-", 1],
  ["*", 2],
  ["/", 2],
]);
const MOST_DEPTH = 64;

/**
 * Reads a target expression: numbers, names, calls, places in brackets, + − * / (also × ÷ ·), parentheses.
 * Precedence climbing (V. Pratt, "Top down operator precedence", 1973).
 *
 * @throws ExpressionError with the place and what was expected there.
 */
export function parseExpression(source: string): Expression {
  return new Parser(source).whole();
}

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokensOf(source);
  }

  whole(): Expression {
    const expression = this.#sum(0);
    const rest = this.#peek();
    if (rest.kind !== "end") throw this.#unexpected(rest, "an operator (+ − * /), or the end of the expression");
    return expression;
  }

  #sum(least: number): Expression {
    let left = this.#signed();
    for (;;) {
      const token = this.#peek();
      const operator = operatorOf(token);
      const binds = strength.get(token.text);
      if (operator === undefined || binds === undefined || binds <= least) return left;
      this.#next++;
      const right = this.#sum(binds);
      left = { kind: "binary", operator, left, right, start: left.start, end: right.end };
    }
  }

  #signed(): Expression {
    const token = this.#peek();
    const operator = operatorOf(token);
    if (operator !== "-" && operator !== "+") return this.#indexed();
    this.#next++;
    const of = this.#deeper(token, () => this.#signed());
    return operator === "+" ? of : { kind: "negate", of, start: token.start, end: of.end };
  }

  #indexed(): Expression {
    let of = this.#primary();
    while (this.#isSign("[")) {
      this.#next++;
      const places = [this.#place()];
      while (this.#isSign(",")) {
        this.#next++;
        places.push(this.#place());
      }
      const { end } = this.#take("]", "a comma or a closing bracket");
      of = { kind: "at", of, places, start: of.start, end };
    }
    return of;
  }

  #primary(): Expression {
    const token = this.#peek();
    const { start, end } = token;
    if (token.kind === "number") {
      this.#next++;
      return { kind: "number", value: Number(token.text), start, end };
    }
    if (token.kind === "string") {
      this.#next++;
      return { kind: "string", text: token.text, start, end };
    }
    if (token.kind === "name") {
      this.#next++;
      return this.#isSign("(") ? this.#call(token) : { kind: "name", name: token.text, start, end };
    }
    if (token.kind === "sign" && token.text === "(") {
      this.#next++;
      const inner = this.#deeper(token, () => this.#sum(0));
      this.#take(")", "an operator or a closing parenthesis");
      return inner;
    }
    throw this.#unexpected(token, "a name, a number or an opening parenthesis");
  }

  #call(name: Token): Expression {
    const open = this.#take("(", "an opening parenthesis");
    const args: Expression[] = [];
    if (!this.#isSign(")")) {
      args.push(this.#deeper(open, () => this.#sum(0)));
      while (this.#isSign(",")) {
        this.#next++;
        args.push(this.#deeper(open, () => this.#sum(0)));
      }
    }
    const { end } = this.#take(")", "a comma or a closing parenthesis");
    return { kind: "call", name: name.text, args, start: name.start, end };
  }

  #place(): Place {
    const token = this.#peek();
    const { start, end, text } = token;
    const expected = "an index from 0, a label in quotes, predicted or runner_up";
    this.#next++;
    if (token.kind === "string") return { kind: "label", label: text, start, end };
    if (token.kind === "name" && (text === "predicted" || text === "runner_up")) return { kind: text, start, end };
    if (token.kind === "number" && Number.isSafeInteger(Number(text)))
      return { kind: "number", index: Number(text), start, end };
    const error = this.#unexpected(token, expected);
    if (token.kind !== "name") throw error;
    throw new ExpressionError(error.message, token, {
      ...error.details,
      whatToDo: `Write the label ${text} in quotes: ["${text}"].`,
    });
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)] as Token;
  }

  #isSign(text: string): boolean {
    const token = this.#peek();
    return token.kind === "sign" && token.text === text;
  }

  #take(text: string, expected: string): Token {
    const token = this.#peek();
    if (!this.#isSign(text)) throw this.#unexpected(token, expected);
    this.#next++;
    return token;
  }

  #deeper<T>(token: Token, read: () => T): T {
    if (++this.#depth > MOST_DEPTH) {
      throw new ExpressionError("The expression is nested too deeply.", token, {
        expected: `at most ${MOST_DEPTH} levels of parentheses`,
      });
    }
    const found = read();
    this.#depth--;
    return found;
  }

  #unexpected(token: Token, expected: string): ExpressionError {
    const place = `at character ${token.start + 1}`;
    if (token.kind !== "end") {
      const found = this.#source.slice(token.start, token.end);
      return new ExpressionError(`${found} does not belong here, ${place}.`, token, { expected, found });
    }
    const isEmpty = this.#source.trim() === "";
    return new ExpressionError(isEmpty ? "The expression is empty." : "The expression breaks off.", token, {
      expected,
      found: isEmpty ? "nothing" : `the end after ${this.#source.trimEnd().slice(-20)}`,
    });
  }
}

function operatorOf({ kind, text }: Token): ScoreOperator | undefined {
  if (kind !== "sign") return undefined;
  return text === "+" || text === "-" || text === "*" || text === "/" ? text : undefined;
}
