import type { Explanation } from "./explanation.ts";

type Target = Explanation["target"];

/** What an explanation is of, in the words that terminal, panel and exports share: `logit of cat`, the value of a regression, or the expression. */
export function explainedText({ label, link, expression, regression }: Target): string {
  return expression === undefined && regression !== true ? `${link} of ${label}` : label;
}

/** What of the target is explained: its link, that it is a value, or that it is an expression. */
export function scoreKind({ link, expression, regression }: Target): string {
  if (expression !== undefined) return "expression";
  return regression === true ? "value" : link;
}

/** How the expression was written, where that is not how it reads: `predicted - runner_up`; null else. */
export function writtenAs({ label, expression }: Target): string | null {
  if (expression === undefined) return null;
  return plain(expression) === plain(label) ? null : expression;
}

function plain(text: string): string {
  return text
    .replaceAll(/\s+/g, "")
    .replaceAll("−", "-")
    .replaceAll("×", "*")
    .replaceAll("÷", "/")
    .replaceAll("'", '"');
}
