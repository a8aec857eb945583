import { dispose, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { PathlightError } from "../../common/errors.ts";
import type { DifferentiableModel, NodeId } from "../../engine/port.ts";
import { fromTensorError } from "../../engine/tensorErrors.ts";
import { withFeeds } from "../feeds.ts";
import type { FeedValue, RunPlan } from "../runPlan.ts";

/** What a node holds for one sample. */
export interface NodeValue {
  /** Without the batch axis. */
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The feeds of a run at one end of its path. */
export function feedsAt(plan: RunPlan, end: "x" | "baseline"): FeedValue[] {
  const moving = plan.explained.map((each): FeedValue => {
    return { node: each.node, shape: each.shape, data: each[end], dtype: "float32" };
  });
  return [...plan.held, ...moving];
}

/**
 * Values of nodes for one sample. Throws `model-node-unknown` with names that are near, and `usage` for a node that holds
 * no real numbers, or has no axis for the samples of a batch.
 */
export async function nodeValues(
  model: DifferentiableModel,
  feeds: readonly FeedValue[],
  ids: readonly NodeId[],
): Promise<NodeValue[]> {
  const types = new Map(model.nodes.map(({ id, dtype }) => [id, dtype]));
  for (const id of ids) {
    const dtype = types.get(id);
    if (dtype !== undefined && dtype !== "float32") throw notReal(id, dtype);
  }
  return withFeeds(feeds, async (tensors) => {
    let outputs: Tensor[] = [];
    try {
      outputs = tidy(() => model.evaluate(tensors, ids));
      const found: NodeValue[] = [];
      for (const [k, output] of outputs.entries()) {
        const id = ids[k] ?? "";
        if (output.dtype !== "float32") throw notReal(id, output.dtype);
        if (output.shape[0] !== 1) throw noBatch(id, output.shape);
        found.push({ shape: output.shape.slice(1), values: Float32Array.from(await output.data()) });
      }
      return found;
    } catch (error) {
      throw fromTensorError(error);
    } finally {
      dispose(outputs);
    }
  });
}

function notReal(id: NodeId, dtype: string): PathlightError {
  return new PathlightError("usage", `The layer ${id} holds ${dtype} values, which have no neurons.`, {
    expected: "a layer of real numbers (float32)",
    found: dtype,
    whatToDo: "Choose the layer behind it, for token ids the output of their embedding.",
  });
}

function noBatch(id: NodeId, shape: readonly number[]): PathlightError {
  return new PathlightError("usage", `The layer ${id} has no axis for the samples of a batch.`, {
    expected: "[1, ...] for one sample",
    found: `[${shape.join(", ")}]`,
    whatToDo: "Choose a layer before or behind it.",
  });
}
