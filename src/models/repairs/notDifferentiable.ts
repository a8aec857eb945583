import { PathlightError } from "../../common/errors.ts";

/** The gradient cannot pass this node. Without `node`, only the op is known yet. */
export function notDifferentiable(node: string | undefined, op: string, cause?: unknown): PathlightError {
  return new PathlightError(
    "model-not-differentiable",
    node === undefined
      ? `The op ${op} is not differentiable.`
      : `The gradient cannot pass the node ${node} (op ${op}): it is not differentiable there.`,
    {
      ...(node === undefined ? {} : { found: `${op} at ${node}` }),
      expected: "a differentiable path from the explained input to the score",
      whatToDo:
        "Choose another output node, or a node behind this one to start from (`from` in pathlight.json, --from).",
    },
    cause,
  );
}
