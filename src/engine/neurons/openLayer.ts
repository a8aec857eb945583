import { dispose, type Tensor, tensor, tidy, tile } from "@tensorflow/tfjs-core";
import { PathlightError } from "../../common/errors.ts";
import type { PathEnds } from "../audit/station.ts";
import type { DifferentiableModel, NodeId, NodeSpec } from "../port.ts";
import { fromTensorError } from "../tensorErrors.ts";

/** A node's values at the two ends of the path. */
export interface NodeActivation {
  readonly spec: NodeSpec;
  /** Without the batch axis. */
  readonly shape: readonly number[];
  readonly baseline: Float32Array;
  readonly input: Float32Array;
}

/**
 * Values of nodes at baseline and sample, from one forward pass. Throws `model-node-unknown`, and `usage` for a node
 * that cannot be looked into: whole numbers or booleans, or no axis for the batch.
 */
export async function openLayer(
  model: DifferentiableModel,
  ends: readonly PathEnds[],
  heldFeeds: ReadonlyMap<NodeId, Tensor>,
  ids: readonly NodeId[],
): Promise<NodeActivation[]> {
  const specs = new Map(model.nodes.map((spec) => [spec.id, spec]));
  for (const id of ids) {
    const dtype = specs.get(id)?.dtype;
    if (dtype !== undefined && dtype !== "float32") throw notReal(id, dtype);
  }
  let values: Tensor[] = [];
  try {
    values = tidy(() => {
      const feeds = new Map<NodeId, Tensor>();
      for (const [id, held] of heldFeeds) feeds.set(id, tile(held, [2, ...held.shape.slice(1).map(() => 1)]));
      for (const { node, shape, x, baseline } of ends) {
        const rows = new Float32Array(2 * x.length);
        rows.set(baseline, 0);
        rows.set(x, x.length);
        feeds.set(node, tensor(rows, [2, ...shape], "float32"));
      }
      return model.evaluate(feeds, ids);
    });
    const opened: NodeActivation[] = [];
    for (const [k, value] of values.entries()) {
      const id = ids[k] as NodeId;
      if (value.dtype !== "float32") throw notReal(id, value.dtype);
      if (value.rank === 0 || value.shape[0] !== 2) throw noBatch(id, value.shape);
      const all = Float32Array.from(await value.data());
      const half = all.length / 2;
      const spec = specs.get(id) ?? { id, op: "", shape: [null, ...value.shape.slice(1)], dtype: "float32" };
      opened.push({ spec, shape: value.shape.slice(1), baseline: all.slice(0, half), input: all.slice(half) });
    }
    return opened;
  } catch (error) {
    throw fromTensorError(error);
  } finally {
    dispose(values);
  }
}

function notReal(id: NodeId, dtype: string): PathlightError {
  return new PathlightError("usage", `The layer ${id} holds ${dtype} values: no change flows through its neurons.`, {
    expected: "a layer of real numbers (float32)",
    found: dtype,
    whatToDo: "Choose the layer behind it, for token ids the output of their embedding.",
  });
}

function noBatch(id: NodeId, shape: readonly number[]): PathlightError {
  return new PathlightError("usage", `The layer ${id} has no axis for the samples of a batch.`, {
    expected: "[batch, ...] with two samples in it",
    found: `[${shape.join(", ")}]`,
    whatToDo: "Choose a layer before or behind it.",
  });
}
