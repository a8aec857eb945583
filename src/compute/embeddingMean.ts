import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { DifferentiableModel, EmbeddingSpec, NodeId } from "../engine/port.ts";
import { fromTensorError } from "../engine/tensorErrors.ts";
import { withFeeds } from "./feeds.ts";

/** Rows that are looked up at a time. */
const CHUNK = 8192;
/** Positions of a look-up where the model leaves them free. */
const POSITIONS = 1024;

const known = new WeakMap<DifferentiableModel, Map<NodeId, Float32Array>>();

/**
 * The mean over all rows of an embedding, [dimensions], special and unused tokens included, each as it comes out of the
 * embedding's node; summed in float64. `positions`: of a text as the model takes it; null: any number.
 */
export async function embeddingMean(
  model: DifferentiableModel,
  { input, node, vocabularySize, dimensions }: EmbeddingSpec,
  positions: number | null,
): Promise<Float32Array> {
  const kept = known.get(model) ?? new Map<NodeId, Float32Array>();
  const before = kept.get(node);
  if (before !== undefined) return before;
  const length = positions ?? Math.min(POSITIONS, vocabularySize);
  const sum = new Float64Array(dimensions);
  const rows = Math.max(1, Math.floor(CHUNK / length));
  for (let first = 0; first < vocabularySize; first += rows * length) {
    const count = Math.min(rows * length, vocabularySize - first);
    const texts = Math.ceil(count / length);
    // What is left of the last text is filled with an id that does not count.
    const data = Int32Array.from({ length: texts * length }, (_, index) => (index < count ? first + index : 0));
    const values = await lookUp(model, input, node, data, [texts, length]);
    for (let at = 0; at < count * dimensions; at++) {
      sum[at % dimensions] = (sum[at % dimensions] ?? 0) + (values[at] ?? 0);
    }
  }
  const mean = Float32Array.from(sum, (value) => value / vocabularySize);
  known.set(model, kept.set(node, mean));
  return mean;
}

async function lookUp(
  model: DifferentiableModel,
  input: NodeId,
  node: NodeId,
  data: Int32Array,
  shape: readonly [number, number],
): Promise<Float32Array> {
  return withFeeds([{ node: input, shape: [...shape], data, dtype: "int32", batched: true }], async (feeds) => {
    let embedded: Tensor | undefined;
    try {
      embedded = tidy(() => model.evaluate(feeds, [node])[0] as Tensor);
      return Float32Array.from(await embedded.data());
    } catch (error) {
      throw fromTensorError(error);
    } finally {
      embedded?.dispose();
    }
  });
}
