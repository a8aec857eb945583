import { add, dispose, engine, keep, mul, type Tensor, tensor, tidy, tile } from "@tensorflow/tfjs-core";
import { breathe, throwIfCancelled } from "../../common/cancellation.ts";
import { PathlightError } from "../../common/errors.ts";
import { freeAbandonedTape } from "../abandonedTape.ts";
import type { NodeId } from "../port.ts";
import { fromTensorError } from "../tensorErrors.ts";
import { type Comparison, compare, relativeBar } from "./comparison.ts";
import { allSteps, fewSteps, offsetsOf, probingPair, slopeOf } from "./slope.ts";

/** A value that is moved along a direction; both are rows without the batch axis. */
export interface Moving {
  readonly node: NodeId;
  /** Without the batch axis. */
  readonly shape: readonly number[];
  readonly value: Float32Array;
  readonly direction: Float32Array;
}

/** A function of what moves, everything else held. */
export interface Question {
  readonly moving: readonly Moving[];
  /** Held feeds, [1, ...] each. Those that move are taken from `moving`. */
  readonly held: ReadonlyMap<NodeId, Tensor>;
  /** [rows, ...], from feeds of as many rows. */
  output(feeds: ReadonlyMap<NodeId, Tensor>): Tensor;
}

/** An error bar, relative, that more steps need not better. */
const GOOD_BAR = 0.01;
/** Milliseconds that one pass may take, so that a cancel is seen soon. */
const PACE_MS = 300;
/** Values in one pass, input and output, at most: 64 MB. */
const MOST_VALUES = 2 ** 24;

/**
 * Asks whether a gradient agrees with forward passes. The output is weighed to a number, w · output: the backward pass
 * starts from w, and the differences are those of w · output, added up in float64. Holds no tensors between calls.
 */
export class Probe {
  /** Rows that were evaluated forward, and gradients. */
  passes = 0;
  gradients = 0;
  readonly #random: () => number;
  readonly #signal: AbortSignal | undefined;
  /** Rows that fit into memory. */
  #fits = Number.POSITIVE_INFINITY;
  /** Of the last output, without the batch axis. */
  #shape: readonly number[] = [];

  constructor(random: () => number, signal: AbortSignal | undefined) {
    this.#random = random;
    this.#signal = signal;
  }

  async compare(question: Question): Promise<Comparison> {
    const [middle, up, down] = (await this.#rows(question, [0, ...probingPair])) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const weights = this.#weights(middle, up, down);
    const known = new Map<number, number>([
      [0, dot(weights, middle)],
      [probingPair[0], dot(weights, up)],
      [probingPair[1], dot(weights, down)],
    ]);
    const rounding = roundingOf(weights, middle);
    const gradient = await this.#gradient(question, weights);
    let found: Comparison | undefined;
    for (const steps of [fewSteps, allSteps]) {
      const missing = offsetsOf(steps).filter((offset) => !known.has(offset));
      await this.#rows(question, missing, (offset, row) => known.set(offset, dot(weights, row)));
      const slope = slopeOf((offset) => known.get(offset) as number, steps, rounding);
      found = compare(gradient.along, gradient.reach, slope);
      if (found.agreement === "agrees" && relativeBar(found) <= GOOD_BAR) return found;
    }
    return found as Comparison;
  }

  /** Every value in the direction it moves, so that nothing cancels; at random where it stands still. A single value by itself. */
  #weights(middle: Float32Array, up: Float32Array, down: Float32Array): Float32Array {
    if (middle.length === 1) return Float32Array.of(1);
    return middle.map((_, i) => {
      const moved = Math.sign((up[i] as number) - (down[i] as number));
      return (0.5 + this.#random()) * (moved === 0 ? Math.sign(this.#random() - 0.5) : moved);
    });
  }

  /** The output at points of the line, each handed to `use` or returned. */
  async #rows(
    question: Question,
    at: readonly number[],
    use?: (offset: number, row: Float32Array) => void,
  ): Promise<Float32Array[]> {
    const rows: Float32Array[] = [];
    let size = 1;
    let width = question.moving.reduce((sum, { value }) => sum + value.length, 0);
    for (let done = 0; done < at.length; ) {
      throwIfCancelled(this.#signal);
      const most = Math.max(1, Math.floor(Math.min(MOST_VALUES / width, this.#fits)));
      const part = at.slice(done, done + Math.min(size, most));
      const start = performance.now();
      let values: Float32Array;
      try {
        values = await this.#forward(question, part);
      } catch (error) {
        if (!(error instanceof PathlightError) || error.code !== "out-of-memory" || part.length === 1) throw error;
        this.#fits = Math.floor(part.length / 2);
        continue;
      }
      const length = values.length / part.length;
      for (const [row, offset] of part.entries()) {
        const value = values.subarray(row * length, (row + 1) * length);
        if (use === undefined) rows.push(value.slice());
        else use(offset, value);
      }
      done += part.length;
      this.passes += part.length;
      width = Math.max(width, length);
      const each = Math.max((performance.now() - start) / part.length, 0.01);
      size = Math.max(1, Math.min(4 * size, Math.floor(PACE_MS / each)));
      await breathe();
    }
    return rows;
  }

  async #forward(question: Question, at: readonly number[]): Promise<Float32Array> {
    let output: Tensor | undefined;
    try {
      output = tidy(() => question.output(feedsOf(question, at)));
      if (output.shape[0] !== at.length) throw noBatchAxis(at.length, output.shape);
      this.#shape = output.shape.slice(1);
      return Float32Array.from(await output.data());
    } catch (error) {
      throw fromTensorError(error);
    } finally {
      output?.dispose();
    }
  }

  /** Σ gradient · direction over everything that moves, and √Σ(gradient · direction)². */
  async #gradient(question: Question, weights: Float32Array): Promise<{ along: number; reach: number }> {
    throwIfCancelled(this.#signal);
    const gradients = differentiate(question, weights, [1, ...this.#shape]);
    let [along, square] = [0, 0];
    try {
      for (const [k, { direction }] of question.moving.entries()) {
        const gradient = (await gradients[k]?.data()) ?? [];
        for (let i = 0; i < gradient.length; i++) {
          const term = (gradient[i] as number) * (direction[i] as number);
          along += term;
          square += term * term;
        }
      }
    } catch (error) {
      throw fromTensorError(error);
    } finally {
      dispose(gradients.filter((gradient) => gradient !== null));
    }
    this.gradients++;
    await breathe();
    return { along, reach: Math.sqrt(square) };
  }
}

/** The model's own gradient of weights · output, for each value that moves; null where none reaches it. */
function differentiate(question: Question, weights: Float32Array, shape: number[]): (Tensor | null)[] {
  let kept: (Tensor | null)[] = [];
  try {
    tidy(() => {
      const feeds = feedsOf(question, [0]);
      const xs = question.moving.map(({ node }) => feeds.get(node) as Tensor);
      const dy = tensor(weights, shape, "float32");
      // The cotangent is handed to the tape, so that no operation of the audit's own is differentiated.
      const { grads } = engine().gradients(() => question.output(feeds), xs, dy, true);
      kept = grads.map((gradient: Tensor | null | undefined) => (gradient ? keep(gradient) : null));
    });
    return kept;
  } catch (error) {
    freeAbandonedTape();
    throw fromTensorError(error);
  }
}

function feedsOf({ moving, held }: Question, at: readonly number[]): Map<NodeId, Tensor> {
  const feeds = new Map<NodeId, Tensor>();
  for (const [node, value] of held) {
    feeds.set(node, at.length === 1 ? value : tile(value, [at.length, ...value.shape.slice(1).map(() => 1)]));
  }
  for (const { node, shape, value, direction } of moving) {
    const middle = tensor(value, [1, ...shape], "float32");
    if (at.length === 1 && at[0] === 0) feeds.set(node, middle);
    else {
      const column = tensor(Float32Array.from(at), [at.length, ...shape.map(() => 1)], "float32");
      feeds.set(node, add(middle, mul(column, tensor(direction, [1, ...shape], "float32"))));
    }
  }
  return feeds;
}

function dot(weights: Float32Array, values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += (weights[i] as number) * (values[i] as number);
  return sum;
}

/** Standard deviation of weights · values, when each value is rounded to float32 once. */
function roundingOf(weights: Float32Array, values: Float32Array): number {
  let square = 0;
  for (let i = 0; i < weights.length; i++) square += ((weights[i] as number) * (values[i] as number)) ** 2;
  return 2 ** -25 * Math.sqrt(square);
}

function noBatchAxis(rows: number, shape: readonly number[]): PathlightError {
  return new PathlightError("model-unsupported-shape", "A node mixes the rows of a batch.", {
    expected: `${rows} rows`,
    found: `[${shape.join(", ")}]`,
  });
}
