import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import type { Value } from "../value.ts";

/** The branch that the condition names; gradients pass through it. */
function branch(context: OpContext): Value[] {
  const [condition = 0] = context.numbers(0) ?? [];
  const graph = context.attributes.graph(condition === 0 ? "else_branch" : "then_branch");
  if (graph === undefined) throw context.unsupported("two branches", "one that is missing");
  return context.runGraph(graph);
}

export const controlOperators: readonly OnnxOperator[] = [operator("If", branch, { shapeInputs: [0] })];
