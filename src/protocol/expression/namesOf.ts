import type { Expression } from "./parse.ts";

/** Every name that stands by itself in an expression; names of functions and of nodes in quotes are others. */
export function namesOf(expression: Expression): Set<string> {
  switch (expression.kind) {
    case "number":
    case "string":
      return new Set();
    case "name":
      return new Set([expression.name]);
    case "at":
    case "negate":
      return namesOf(expression.of);
    case "binary":
      return new Set([...namesOf(expression.left), ...namesOf(expression.right)]);
    case "call":
      return new Set(expression.args.flatMap((arg) => [...namesOf(arg)]));
  }
}
