import type { Explanation } from "../../src/protocol/explanation.ts";
import { ExpressionError } from "../../src/protocol/expression/expressionError.ts";
import { parseExpression } from "../../src/protocol/expression/parse.ts";
import { reservedNames, resolveExpression } from "../../src/protocol/expression/resolve.ts";
import type { ExpressionScope } from "../../src/protocol/expression/scope.ts";
import type { PanelState } from "../../src/protocol/panel.ts";
import { areProbabilities } from "../../src/protocol/probability.ts";
import { byStrength } from "../../src/protocol/strength.ts";

type Outputs = NonNullable<PanelState["options"]["outputs"]>;

/** What is said of an expression while it is typed. */
export type ExpressionCheck =
  | { readonly kind: "empty" }
  /** As it reads, with labels in place of indices. */
  | { readonly kind: "ok"; readonly text: string }
  /** UTF-16 offsets of what is wrong; both equal where something is missing. */
  | {
      readonly kind: "wrong";
      readonly message: string;
      readonly hint: string;
      readonly start: number;
      readonly end: number;
    };

export interface ExpressionChoice {
  readonly label: string;
  readonly expression: string;
}

/** Checks everything but what inner nodes hold, which the panel does not know; the run does. */
export function checkExpression(source: string, explanation: Explanation, outputs: Outputs): ExpressionCheck {
  if (source.trim() === "") return { kind: "empty" };
  try {
    return { kind: "ok", text: resolveExpression(parseExpression(source), scopeOf(explanation, outputs)).text };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const { expected, whatToDo } = error.details;
    const hint = whatToDo ?? (expected === undefined ? "" : `Expected ${expected}.`);
    return { kind: "wrong", message: error.message, hint, start: error.start, end: error.end };
  }
}

/** Ready-made expressions that make sense for this model. */
export function expressionChoices({ predictions }: Explanation, outputs: Outputs): ExpressionChoice[] {
  const choices: ExpressionChoice[] = [];
  if (predictions.length > 1) {
    choices.push({ label: "Predicted minus runner-up", expression: "predicted - runner_up" });
    if (areProbabilities(predictions)) {
      choices.push({ label: "Log-probability", expression: "log(probability[predicted])" });
    }
  }
  for (const [i, { id, shape }] of outputs.entries()) {
    if (shape.length !== 1 || shape[0] === 1) continue;
    const other = outputs.slice(i + 1).find((each) => each.shape.length === 1 && each.shape[0] === shape[0]);
    if (other === undefined) continue;
    const pair = `${nameOf(id)}, ${nameOf(other.id)}`;
    choices.push({ label: "Cosine similarity", expression: `cosine(${pair})` });
    choices.push({ label: "Dot product", expression: `dot(${pair})` });
    break;
  }
  return choices;
}

function nameOf(id: string): string {
  const isWord = /^[\p{L}_][\p{L}\p{N}_]*$/u.test(id) && !reservedNames.some((name) => name === id);
  return isWord ? id : `output(${JSON.stringify(id)})`;
}

function scopeOf({ predictions, target, attributions }: Explanation, outputs: Outputs): ExpressionScope {
  const head = outputs.find(({ id }) => id === target.output) ?? outputs[0];
  const ranked = [...predictions].sort(byStrength);
  const numbered = predictions.every(({ label, index }) => label === `class ${index}` || label === `output ${index}`);
  const shapes = new Map(outputs.flatMap(({ id, logit, shape }) => [[id, shape] as const, [logit, shape] as const]));
  const isText = attributions.some(({ kind }) => kind === "text");
  const output = head?.id ?? target.output;
  return {
    head: {
      output,
      logit: head?.logit ?? output,
      // What the task makes of bare logits is known to the run.
      probability: head === undefined || head.activation === "none" ? "softmax" : head.activation,
      applied: false,
      position: target.position ?? null,
    },
    labels: numbered ? null : predictions.map(({ label }) => label),
    predicted: ranked[0]?.index ?? null,
    runnerUp: ranked[1]?.index ?? null,
    // One encoder may read two texts, `a` and `b`; whether it was given both, the run says.
    aliases:
      isText && !["a", "b"].some((name) => shapes.has(name))
        ? new Map([
            ["a", "a/"],
            ["b", "b/"],
          ])
        : undefined,
    outputs: outputs.map(({ id }) => id),
    shapeOf: (node) => shapes.get(node) ?? null,
    positionWeights: () => null,
  };
}
