import { PathlightError } from "../common/errors.ts";
import type { DifferentiableModel, NodeId } from "../engine/port.ts";
import { predict } from "../engine/predict.ts";
import { withFeeds } from "./feeds.ts";
import type { ExplainedInput, FeedValue } from "./runPlan.ts";

/**
 * The path in the values of an inner node H, from H(x′) to H(x), in place of the inputs' own; what passes beside that
 * node stays the sample's. For models whose first part has no gradient, and for asking what a layer contributed.
 * `inputs`: every input of the model at the sample's value; `explained`: the ends of the path at the inputs.
 */
export async function innerStart(
  model: DifferentiableModel,
  node: NodeId,
  inputs: readonly FeedValue[],
  explained: readonly ExplainedInput[],
): Promise<ExplainedInput> {
  const spec = model.nodes.find(({ id }) => id === node);
  const [first] = explained;
  if (spec === undefined || first === undefined) {
    throw new PathlightError("model-node-unknown", `The model has no node ${JSON.stringify(node)} to start from.`, {
      expected: "one of the model's nodes (pathlight inspect lists them)",
      found: JSON.stringify(node),
      whatToDo: "Correct --from, or `from` in pathlight.json.",
    });
  }
  if (spec.dtype !== "float32") {
    throw new PathlightError("model-not-differentiable", `The node ${node} holds ${spec.dtype} values.`, {
      expected: "a node of real numbers, which can be moved along a path",
      found: spec.dtype,
      whatToDo: "Start from a node behind it.",
    });
  }
  const x = await withFeeds(inputs, (feeds) => predict(model, feeds, node));
  const atBaseline = [
    ...inputs,
    ...explained.map(({ node: fed, shape, baseline }) => ({
      node: fed,
      shape,
      data: baseline,
      dtype: "float32" as const,
    })),
  ];
  const start = await withFeeds(atBaseline, (feeds) => predict(model, feeds, node));
  const shape = x.shape.slice(1);
  const tensor = { shape: [...shape], data: x.values };
  return {
    input: node,
    node,
    shape,
    x: x.values,
    baseline: start.values,
    prepared: { kind: "tensor", tensor, notes: [], info: first.prepared.info },
    blank: null,
  };
}
