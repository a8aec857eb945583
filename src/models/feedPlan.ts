import type { Tensor } from "@tensorflow/tfjs-core";
import { PathlightError } from "../common/errors.ts";
import type { NodeId, NodeSpec } from "../engine/port.ts";
import { unsupportedShape } from "./disk/modelErrors.ts";

export function unknownNode(id: NodeId, known: Iterable<NodeId>): PathlightError {
  const wanted = id.toLowerCase();
  const names = [...known];
  const near = names.filter((name) => name.toLowerCase().includes(wanted) || wanted.includes(name.toLowerCase()));
  return new PathlightError("model-node-unknown", `The model has no node ${id}.`, {
    expected: (near.length > 0 ? near : names).slice(0, 8).join(", ") || "a node of the model",
    found: id,
    whatToDo: "Choose one of the model's nodes.",
  });
}

export function feedsMissing(
  missing: readonly NodeId[],
  fetches: readonly NodeId[],
  fed: Iterable<NodeId>,
): PathlightError {
  return unsupportedShape(
    `To compute ${fetches.join(", ")}, ${missing.join(", ")} must be fed too.`,
    `values for ${missing.join(", ")}`,
    `values for ${[...fed].join(", ") || "nothing"}`,
    "Give a value to each of them, or start from a node through which everything passes.",
  );
}

/** Compares a fed tensor with its node: the same rank, and the same size wherever the node's is known. */
export function checkFeed(spec: NodeSpec, tensor: Tensor): void {
  const fits =
    tensor.shape.length === spec.shape.length &&
    spec.shape.every((size, axis) => axis === 0 || size === null || size === -1 || size === tensor.shape[axis]);
  if (fits) return;
  throw unsupportedShape(
    `The node ${spec.id} takes another shape.`,
    shapeText(spec.shape),
    shapeText(tensor.shape),
    "Change the size in the preprocessing, or give a tensor of this shape.",
  );
}

/** A batch has one size: rows of different feeds belong together. */
export function checkBatch(feeds: ReadonlyMap<NodeId, Tensor>): void {
  const sizes = [...feeds].map(([id, tensor]) => `${id}: ${tensor.shape[0] ?? "none"}`);
  if (new Set([...feeds.values()].map((tensor) => tensor.shape[0])).size > 1) {
    throw unsupportedShape(
      "The fed tensors have different batch sizes.",
      "one batch size",
      sizes.join(", "),
      "Repeat rows.",
    );
  }
}

function shapeText(shape: readonly (number | null)[]): string {
  return `[${shape.map((size, axis) => size ?? (axis === 0 ? "batch" : "any")).join(", ")}]`;
}
