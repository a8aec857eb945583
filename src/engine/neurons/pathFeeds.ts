import { type Tensor, tensor, tile } from "@tensorflow/tfjs-core";
import type { NodeId } from "../port.ts";
import type { LayerPath } from "./layerGradient.ts";
import { pathPoint } from "./pathPoint.ts";

/** Points of the path and what is held, as a batch. To be called inside `tidy`. */
export function feedsAt(
  { ends, heldFeeds }: Pick<LayerPath, "ends" | "heldFeeds">,
  alphas: readonly number[],
): Map<NodeId, Tensor> {
  const feeds = new Map<NodeId, Tensor>();
  for (const [node, held] of heldFeeds) {
    feeds.set(node, alphas.length === 1 ? held : tile(held, [alphas.length, ...held.shape.slice(1).map(() => 1)]));
  }
  const points = alphas.map((alpha) => pathPoint(ends, alpha));
  for (const [k, { node, shape, x }] of ends.entries()) {
    const rows = new Float32Array(alphas.length * x.length);
    for (const [row, point] of points.entries()) rows.set(point[k]?.value ?? [], row * x.length);
    feeds.set(node, tensor(rows, [alphas.length, ...shape], "float32"));
  }
  return feeds;
}
