import { type Tensor, tensor } from "@tensorflow/tfjs-core";
import type { NodeId } from "../engine/port.ts";
import type { FeedValue } from "./runPlan.ts";

/** A batch of one, [1, ...shape], unless the shape has its batch. The caller disposes it. */
export function feedTensor({ shape, data, dtype, batched }: Omit<FeedValue, "node">): Tensor {
  return tensor(data, batched ? [...shape] : [1, ...shape], dtype);
}

/** Makes tensors for the feeds, hands them to `use` and disposes them, also when it throws. */
export async function withFeeds<T>(
  values: readonly FeedValue[],
  use: (feeds: Map<NodeId, Tensor>) => Promise<T>,
): Promise<T> {
  const feeds = new Map<NodeId, Tensor>();
  try {
    for (const value of values) feeds.set(value.node, feedTensor(value));
    return await use(feeds);
  } finally {
    for (const feed of feeds.values()) feed.dispose();
  }
}
