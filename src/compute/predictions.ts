import type { Tensor } from "@tensorflow/tfjs-core";
import { PathlightError } from "../common/errors.ts";
import type { DifferentiableModel, NodeId, OutputHead } from "../engine/port.ts";
import { predict } from "../engine/predict.ts";
import { withFeeds } from "./feeds.ts";
import type { FeedValue } from "./runPlan.ts";

/** One row of the two nodes of a head, without the batch axis. */
export interface HeadValues {
  readonly shape: readonly number[];
  readonly logits: Float32Array;
  readonly outputs: Float32Array;
}

/** What the model says of a sample. Throws `not-finite` with the node where it begins. */
export async function predictHead(
  model: DifferentiableModel,
  head: OutputHead,
  inputs: readonly FeedValue[],
): Promise<HeadValues> {
  return withFeeds(inputs, async (feeds) => {
    const logits = await predict(model, feeds, head.logit);
    const outputs = head.output === head.logit ? logits : await predict(model, feeds, head.output);
    await refuseNonFinite(model, feeds, [...logits.values, ...outputs.values]);
    return { shape: logits.shape.slice(1), logits: logits.values, outputs: outputs.values };
  });
}

async function refuseNonFinite(
  model: DifferentiableModel,
  feeds: ReadonlyMap<NodeId, Tensor>,
  values: readonly number[],
): Promise<void> {
  const bad = values.find((value) => !Number.isFinite(value));
  if (bad === undefined) return;
  const node = await model.firstNonFiniteNode(feeds);
  throw new PathlightError("not-finite", "The model's prediction is not a finite number.", {
    expected: "finite values in every node",
    found: node === null ? String(bad) : `${bad}; the first node that is not finite is ${node}`,
    whatToDo: "Check the weights of that node and the preprocessing of the sample.",
  });
}
