import * as tf from "@tensorflow/tfjs-core";
import { seededRandom } from "../../common/random.ts";
import type { EmbeddingSpec } from "../../engine/port.ts";
import type { OnnxExecutor } from "./executor.ts";
import type { InputLayout } from "./inputLayout.ts";
import type { Visit } from "./run.ts";
import { Value } from "./value.ts";

/** What one run with made-up samples tells of a value that follows from the inputs. */
export interface ProbedValue {
  /** Of one sample, with the batch axis as the graph has it; null where a side follows from a free one. */
  readonly shape: readonly (number | null)[];
  readonly dtype: tf.DataType;
}

export interface Probe {
  /**
   * Rows have to be computed one by one: the graph is made for one sample (a batch axis of 1, or none), or rows of a
   * batch influence each other.
   */
  readonly rowByRow: boolean;
  /** In the order they are computed. Empty where the graph could not be run with made-up samples. */
  readonly values: ReadonlyMap<string, ProbedValue>;
}

/**
 * Runs the graph with made-up samples to learn the shapes of its values, which of their sides are free, and whether it
 * can take several samples at once. A graph that cannot be run this way is left to fail with the user's own sample, where
 * the error says more.
 */
export function probe(
  executor: OnnxExecutor,
  layouts: readonly InputLayout[],
  outputs: readonly string[],
  embeddings: readonly EmbeddingSpec[],
): Probe {
  const rows = (place: number, count: number) => sampleFeeds(layouts, embeddings, place, count);
  const run = (place: number, count: number) => attempt(executor, rows(place, count), count, outputs);
  for (const place of [0, 1]) {
    const one = run(place, 1);
    if (one === undefined) continue;
    const free = layouts.some(({ shape }) => shape.includes(null));
    const other = free ? run(1 - place, 1) : one;
    const two = layouts.every(({ batch }) => batch === "free") ? run(place, 2) : undefined;
    const rowByRow = two === undefined || !outputs.every((name) => isFirstRow(one.get(name), two.get(name)));
    const values = new Map<string, ProbedValue>();
    for (const [name, { shape, dtype }] of one) {
      if (!rowByRow && !leadsWithBatch(shape, two.get(name)?.shape)) continue;
      const otherShape = other?.get(name)?.shape;
      values.set(name, { dtype, shape: shape.map((side, axis) => (side === otherShape?.[axis] ? side : null)) });
    }
    return { rowByRow, values };
  }
  return { rowByRow: true, values: new Map() };
}

interface Seen {
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
  /** Of outputs only. */
  readonly values?: readonly number[] | undefined;
}

/** One run; undefined where it fails. */
function attempt(
  executor: OnnxExecutor,
  feeds: ReadonlyMap<string, tf.Tensor>,
  rows: number,
  outputs: readonly string[],
): Map<string, Seen> | undefined {
  const seen = new Map<string, Seen>();
  try {
    tf.tidy(() => {
      const given = new Map([...feeds].map(([name, tensor]) => [name, Value.of(tensor)]));
      const visit: Visit = (name, { shape, dtype }, isStatic) => {
        if (!isStatic) seen.set(name, { shape, dtype });
      };
      const results = executor.run(given, outputs, { rows, visit });
      for (const [index, result] of results.entries()) {
        const { shape, dtype } = result;
        seen.set(outputs[index] ?? "", { shape, dtype, values: Array.from(result.dataSync(), Number) });
      }
    });
    return seen;
  } catch {
    // Made-up sizes and numbers need not suit the model; its own sample will show what is wrong, if anything is.
    return undefined;
  } finally {
    for (const feed of feeds.values()) feed.dispose();
  }
}

/** Whether a batch of two has the single row in its first place. */
function isFirstRow(one: Seen | undefined, two: Seen | undefined): boolean {
  if (one?.values === undefined || two?.values === undefined || !leadsWithBatch(one.shape, two.shape)) return false;
  const scale = one.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const { values } = two;
  return one.values.every((value, i) => !(Math.abs(value - (values[i] ?? Number.NaN)) > 1e-3 * scale + 1e-6));
}

function leadsWithBatch(one: readonly number[], two: readonly number[] | undefined): boolean {
  if (two === undefined || one.length === 0 || one.length !== two.length) return false;
  return one[0] === 1 && two[0] === 2 && one.slice(1).every((side, axis) => side === two[axis + 1]);
}

function sampleFeeds(
  layouts: readonly InputLayout[],
  embeddings: readonly EmbeddingSpec[],
  place: number,
  rows: number,
): Map<string, tf.Tensor> {
  return new Map(
    layouts.map((layout) => {
      const free = freeSide(layout, place);
      const row = layout.shape.map((side) => side ?? free);
      const shape = layout.batch === "none" ? row : [rows, ...row];
      return [layout.name, sampleTensor(layout, embeddings, shape)];
    }),
  );
}

/** Two sizes for the free sides of an input: the pictures, texts and signals that most models take. */
function freeSide({ shape, dtype }: InputLayout, place: number): number {
  if (dtype !== "float32") return [8, 12][place] ?? 8;
  if (shape.length >= 3) return [64, 224][place] ?? 64;
  if (shape.length === 2) return [16, 128][place] ?? 16;
  return [4096, 16_000][place] ?? 4096;
}

function sampleTensor({ name, dtype }: InputLayout, embeddings: readonly EmbeddingSpec[], shape: number[]): tf.Tensor {
  const size = shape.reduce((product, side) => product * side, 1);
  const random = seededRandom(1);
  if (dtype === "float32")
    return tf.tensor(
      Float32Array.from({ length: size }, () => random() - 0.5),
      shape,
    );
  const rows = embeddings.find(({ input }) => input === name)?.vocabularySize;
  const integer = () => (rows === undefined ? 1 : Math.floor(random() * rows));
  return tf.tensor(Int32Array.from({ length: size }, integer), shape, dtype);
}
