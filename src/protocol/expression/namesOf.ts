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

/** Every name in quotes that `node(…)` and `output(…)` look up. */
export function quotedNamesOf(expression: Expression): Set<string> {
  switch (expression.kind) {
    case "number":
    case "string":
    case "name":
      return new Set();
    case "at":
    case "negate":
      return quotedNamesOf(expression.of);
    case "binary":
      return new Set([...quotedNamesOf(expression.left), ...quotedNamesOf(expression.right)]);
    case "call": {
      const looksUp = expression.name === "node" || expression.name === "output";
      const own = looksUp ? expression.args.flatMap((arg) => (arg.kind === "string" ? [arg.text] : [])) : [];
      return new Set([...own, ...expression.args.flatMap((arg) => [...quotedNamesOf(arg)])]);
    }
  }
}
