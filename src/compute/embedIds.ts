import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { DifferentiableModel, NodeId } from "../engine/port.ts";
import { fromTensorError } from "../engine/tensorErrors.ts";
import { withFeeds } from "./feeds.ts";
import { feedOf, type PreparedInput } from "./prepareInputs.ts";
import type { FeedValue } from "./runPlan.ts";

/**
 * The embedding of ids in the places of an input's own, [positions × dimensions]; of a text in windows, once for each
 * token of the whole. `model`: the one that reads a window.
 */
export async function embedIds(
  model: DifferentiableModel,
  input: PreparedInput,
  ids: Float32Array | Int32Array,
  node: NodeId,
): Promise<{ values: Float32Array; shape: number[] }> {
  const { prepared } = input;
  const windows = prepared.kind === "text" ? prepared.windows : undefined;
  if (windows === undefined) return embedRows(model, { ...feedOf(input), data: ids }, node);
  const places = windows.places.flatMap((own) => [...own]);
  const rows: FeedValue = {
    ...feedOf(input),
    shape: [windows.places.length, windows.length],
    data:
      ids instanceof Int32Array
        ? Int32Array.from(places, (at) => ids[at] ?? 0)
        : Float32Array.from(places, (at) => ids[at] ?? 0),
    batched: true,
  };
  const { values, shape } = await embedRows(model, rows, node);
  const dimensions = values.length / places.length;
  const whole = new Float32Array(ids.length * dimensions);
  for (const [row, place] of places.entries()) {
    whole.set(values.subarray(row * dimensions, (row + 1) * dimensions), place * dimensions);
  }
  return { values: whole, shape: [ids.length, ...shape.slice(1)] };
}

/** `shape` is without the batch axis. */
async function embedRows(
  model: DifferentiableModel,
  ids: FeedValue,
  node: NodeId,
): Promise<{ values: Float32Array; shape: number[] }> {
  return withFeeds([ids], async (feeds) => {
    let embedded: Tensor | undefined;
    try {
      embedded = tidy(() => model.evaluate(feeds, [node])[0] as Tensor);
      return { values: Float32Array.from(await embedded.data()), shape: embedded.shape.slice(1) };
    } catch (error) {
      throw fromTensorError(error);
    } finally {
      embedded?.dispose();
    }
  });
}
