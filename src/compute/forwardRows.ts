import { type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { breathe, throwIfCancelled } from "../common/cancellation.ts";
import { PathlightError } from "../common/errors.ts";
import type { NodeId } from "../engine/port.ts";
import { fromTensorError } from "../engine/tensorErrors.ts";
import type { FeedValue } from "./runPlan.ts";

/** Rows in one forward pass: enough to pay, few enough for a long text. */
const ROWS = 8;

export interface ForwardRowsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Rows done so far. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/**
 * `read` gives tensors of [rows, ...] each; the result is each sample's own part of them, in the order of the samples.
 * Samples of one shape share a batch; one that does not fit into memory is halved. Throws `cancelled` between batches.
 */
export async function forwardRows(
  samples: readonly (readonly FeedValue[])[],
  read: (feeds: ReadonlyMap<NodeId, Tensor>) => Tensor[],
  options: ForwardRowsOptions = {},
): Promise<Float32Array[][]> {
  const byShape = new Map<string, number[]>();
  for (const [index, feeds] of samples.entries()) {
    const key = JSON.stringify(feeds.map(({ node, shape, dtype }) => [node, shape, dtype]));
    byShape.set(key, [...(byShape.get(key) ?? []), index]);
  }
  const found: Float32Array[][] = samples.map(() => []);
  const waiting = [...byShape.values()].flatMap((indices) => chunks(indices, ROWS));
  let done = 0;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    throwIfCancelled(options.signal);
    const batch = next.map((index) => samples[index] as readonly FeedValue[]);
    try {
      const rows = await forward(batch, read);
      for (const [row, index] of next.entries()) found[index] = rows[row] as Float32Array[];
    } catch (thrown) {
      const error = fromTensorError(thrown);
      const isTooLarge = error instanceof PathlightError && error.code === "out-of-memory";
      if (!isTooLarge || next.length === 1) throw error;
      waiting.unshift(...chunks(next, Math.ceil(next.length / 2)));
      continue;
    }
    done += next.length;
    options.onProgress?.(done);
    await breathe();
  }
  return found;
}

/** A forward pass of feeds as they are, [1, ...]: the values of each tensor that `read` gives. The feeds stay the caller's. */
export async function forwardOnce(
  feeds: ReadonlyMap<NodeId, Tensor>,
  read: (feeds: ReadonlyMap<NodeId, Tensor>) => Tensor[],
): Promise<Float32Array[]> {
  let outputs: Tensor[] = [];
  try {
    outputs = tidy(() => read(feeds));
    return await Promise.all(outputs.map(async (output) => Float32Array.from(await output.data())));
  } catch (error) {
    throw fromTensorError(error);
  } finally {
    for (const output of outputs) output.dispose();
  }
}

/** A forward pass of several samples of one shape. */
async function forward(
  batch: readonly (readonly FeedValue[])[],
  read: (feeds: ReadonlyMap<NodeId, Tensor>) => Tensor[],
): Promise<Float32Array[][]> {
  const outputs = tidy(() => {
    const [first] = batch;
    const feeds = new Map<NodeId, Tensor>();
    for (const [k, { node, shape, dtype, data }] of (first ?? []).entries()) {
      const joined =
        data instanceof Int32Array
          ? new Int32Array(data.length * batch.length)
          : new Float32Array(data.length * batch.length);
      for (const [row, sample] of batch.entries()) joined.set(sample[k]?.data ?? [], row * data.length);
      feeds.set(node, tensor(joined, [batch.length, ...shape], dtype));
    }
    return read(feeds);
  });
  try {
    const values = await Promise.all(outputs.map(async (output) => Float32Array.from(await output.data())));
    return batch.map((_, row) =>
      values.map((all) => all.slice((row * all.length) / batch.length, ((row + 1) * all.length) / batch.length)),
    );
  } finally {
    for (const output of outputs) output.dispose();
  }
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, k) => items.slice(k * size, (k + 1) * size));
}
