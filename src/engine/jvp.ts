import {
  add,
  dispose,
  engine,
  keep,
  memory,
  mul,
  slice,
  sum,
  type Tensor,
  tensor,
  tidy,
  tile,
} from "@tensorflow/tfjs-core";
import { breathe, throwIfCancelled } from "../common/cancellation.ts";
import { PathlightError } from "../common/errors.ts";
import { seededRandom } from "../common/random.ts";
import { freeAbandonedTape } from "./abandonedTape.ts";
import { type Direction, directionRows, type JvpPoint, type JvpRow, pointRows, split } from "./jvpRows.ts";
import type { NodeId } from "./port.ts";
import { extrapolated, gapOf, ROUNDING } from "./slopes.ts";
import { fromTensorError } from "./tensorErrors.ts";

export interface JvpOptions {
  /** H, [rows, width], from feeds of as many rows; rows do not influence each other. Called inside `tidy`. */
  readonly output: (feeds: ReadonlyMap<NodeId, Tensor>) => Tensor;
  /** Feeds that are held still, [1, ...] each. They stay the caller's. */
  readonly heldFeeds: ReadonlyMap<NodeId, Tensor>;
  readonly signal?: AbortSignal | undefined;
}

/** How a directional derivative is taken, and why not exactly where it is not. */
export type JvpMethod =
  | { readonly kind: "double-vjp" }
  | { readonly kind: "central-differences"; readonly reason: string };

export interface DirectionalDerivatives {
  /** H at the point, [width]. */
  readonly value: Float32Array;
  /** ∂H/∂v, [width] for each direction. */
  readonly derivatives: readonly Float32Array[];
  /** Estimated Σ|error| over all derivatives; 0 where they are exact but for rounding. */
  readonly error: number;
}

/** What one batch of rows gives. */
interface Batch {
  /** H at the point of the first row. */
  readonly value: Float32Array;
  readonly derivatives: readonly Float32Array[];
  /** Estimated Σ|error| of each. */
  readonly errors: readonly number[];
}

/** Steps of the differences, on the scale of the direction. */
const STEPS = [2 ** -6, 2 ** -7] as const;
/** Smaller ones for a network with many kinks: a step of theirs crosses few or none. */
const NARROW_STEPS = [2 ** -8, 2 ** -10, 2 ** -12, 2 ** -14] as const;
/** Rows of one batch at first; halved where they do not fit into memory. */
const ROWS = 16;
/** Rows of one batch at most. */
const MOST_ROWS = 64;
/** What a batch may hold on the tape, bytes, and how long it may take: a cancel is seen between batches. */
const MOST_BYTES = 2 ** 29;
const PACE_MS = 500;
/** Least relative gap to a difference that is held against a derivative, whatever the error bar says. */
const GAP = 0.02;
/** Relative change of a difference from step to step above which it is no judge of a derivative. */
const MOST_CHANGE = 0.1;

/**
 * Directional derivatives J v of a vector H, several directions at a point. tfjs has reverse mode only: the gradient
 * g(u) = ∂⟨H, u⟩/∂x is linear in u, so that ∂⟨g(u), v⟩/∂u = J v, exactly (double backward; A. Griewank, A. Walther,
 * "Evaluating Derivatives", 2008, section 3.3). That needs of each backward kernel its transpose; where one has none,
 * central differences with Richardson's extrapolation take its place, with their own error. Holds no tensors.
 */
export class Jvp {
  readonly method: JvpMethod;
  readonly #options: JvpOptions;
  readonly #width: number;
  #rows = ROWS;
  #bytesPerRow = 0;
  #seed = new Float32Array();

  private constructor(options: JvpOptions, width: number, method: JvpMethod) {
    this.#options = options;
    this.#width = width;
    this.method = method;
  }

  /** Tries at a point which way there is. Throws what the model throws when it evaluates H there. */
  static async create(options: JvpOptions, point: readonly JvpPoint[], direction: Direction): Promise<Jvp> {
    throwIfCancelled(options.signal);
    const differences = new Jvp(options, 0, { kind: "central-differences", reason: "" });
    const [value] = await differences.#forward([{ point, direction }], 0);
    const width = value?.length ?? 0;
    const exact = new Jvp(options, width, { kind: "double-vjp" });
    try {
      await exact.at(point, [direction]);
      return exact;
    } catch (error) {
      const reason = whyNot(error);
      if (reason === null) throw error;
      return new Jvp(options, width, { kind: "central-differences", reason });
    }
  }

  /** Values of H. */
  get width(): number {
    return this.#width;
  }

  /** J v for each v at a point. Throws `cancelled` between batches, and `out-of-memory` where not even one row fits. */
  async at(point: readonly JvpPoint[], directions: readonly Direction[]): Promise<DirectionalDerivatives> {
    const derivatives: Float32Array[] = [];
    let error = 0;
    const value = await this.rows(
      directions.map((direction) => ({ point, direction })),
      (found, _row, estimated) => {
        derivatives.push(found);
        error += estimated;
      },
    );
    return { value, derivatives, error };
  }

  /**
   * J v for each row, handed over in order as it is found, [width], with its estimated Σ|error|; the caller owns it.
   * Returns H at the first point. Throws what `at` throws.
   */
  async rows(
    rows: readonly JvpRow[],
    use: (derivative: Float32Array, row: number, error: number) => void,
  ): Promise<Float32Array> {
    let value: Float32Array | undefined;
    for (let from = 0; from < rows.length; ) {
      throwIfCancelled(this.#options.signal);
      const part = rows.slice(from, from + this.#rows);
      const start = performance.now();
      try {
        const found = await (this.method.kind === "double-vjp" ? this.#exact(part) : this.#differ(part));
        value ??= found.value;
        for (const [k, derivative] of found.derivatives.entries()) use(derivative, from + k, found.errors[k] ?? 0);
      } catch (thrown) {
        const isTooLarge = thrown instanceof PathlightError && thrown.code === "out-of-memory";
        if (!isTooLarge || part.length === 1) throw thrown;
        this.#rows = Math.ceil(part.length / 2);
        continue;
      }
      from += part.length;
      this.#pace(performance.now() - start, part.length);
      await breathe();
    }
    if (value === undefined) throw new PathlightError("internal", "A derivative along no direction.");
    return value;
  }

  /**
   * Holds a derivative along a direction against central differences of H. Null where they agree within 2 %, at the first
   * step or a smaller one; else by how much they are apart, relative. A difference across a kink of the network differs
   * from the derivative, rightly, and the less the smaller the step, until rounding makes it grow again; a wrong
   * derivative differs at every step. So in the end that step counts at which the difference has changed least since the
   * step before, and by so much it may be off itself. Steps at which rounding would hide 2 % say nothing; where all are
   * such, the error bar of the difference decides. Values that are not finite are left out: whoever asks has seen them.
   */
  async disagreement(
    point: readonly JvpPoint[],
    direction: Direction,
    derivative: ArrayLike<number>,
  ): Promise<number | null> {
    throwIfCancelled(this.#options.signal);
    const row = { point, direction };
    const found = await this.#differ([row]);
    const { gap, size } = gapOf(derivative, found.derivatives[0] ?? []);
    if (size === 0 ? gap === 0 : gap <= GAP * size) return null;
    const values = found.value.reduce((sum, value) => sum + (Number.isFinite(value) ? Math.abs(value) : 0), 0);
    let before: readonly number[] | null = null;
    let surest = { change: Number.POSITIVE_INFINITY, gap: size === 0 ? Number.POSITIVE_INFINITY : gap / size };
    for (const step of NARROW_STEPS) {
      throwIfCancelled(this.#options.signal);
      const [up = new Float32Array()] = await this.#forward([row], step);
      const [down = []] = await this.#forward([row], -step);
      const slopes = Array.from(up, (value, k) => (value - (down[k] ?? Number.NaN)) / (2 * step));
      const narrow = gapOf(derivative, slopes);
      if ((ROUNDING * values) / step > GAP * narrow.size) break;
      if (narrow.gap <= GAP * narrow.size) return null;
      const change = before === null ? Number.POSITIVE_INFINITY : gapOf(before, slopes).gap / narrow.size;
      if (before === null || change < surest.change) surest = { change, gap: narrow.gap / narrow.size };
      before = slopes;
    }
    if (before === null && gap <= 3 * (found.errors[0] ?? 0)) return null;
    return surest.change <= MOST_CHANGE && surest.gap <= GAP + surest.change ? null : surest.gap;
  }

  /** As many rows as the pace and the memory allow, growing to at most twice as many at a time. */
  #pace(milliseconds: number, rows: number): void {
    const byTime = (PACE_MS / Math.max(milliseconds, 0.01)) * rows;
    const byMemory = MOST_BYTES / Math.max(1, this.#bytesPerRow);
    const most = Math.max(1, Math.floor(Math.min(byTime, byMemory, 2 * Math.max(rows, 8), MOST_ROWS)));
    if (rows >= this.#rows || most < this.#rows) this.#rows = most;
  }

  async #exact(rows: readonly JvpRow[]): Promise<Batch> {
    const nodes = rows[0]?.point ?? [];
    let values: Tensor | undefined;
    let along: Tensor | undefined;
    try {
      tidy(() => {
        const xs = nodes.map((_, part) => pointRows(rows, part, 0));
        const feeds = this.#feeds(nodes, xs, rows.length);
        const vs = nodes.map((_, part) => directionRows(rows, part));
        const u = tile(tensor(this.#anyVector(), [1, this.#width], "float32"), [rows.length, 1]);
        const before = memory().numBytes;
        const { grads } = engine().gradients(
          () => {
            const inner = engine().gradients(
              () => {
                const output = this.#options.output(feeds);
                values = keep(slice(output, [0, 0], [1, this.#width]));
                return output;
              },
              xs,
              u,
              true,
            );
            const terms = inner.grads.flatMap((gradient: Tensor | null | undefined, k) =>
              gradient ? [sum(mul(gradient, vs[k] as Tensor))] : [],
            );
            const [first, ...others] = terms;
            if (first === undefined) throw unreached(nodes);
            // The tape is never longer than here: the outer backward pass frees as it goes.
            this.#bytesPerRow = (memory().numBytes - before) / rows.length;
            return others.reduce((total, term) => add(total, term), first);
          },
          [u],
          undefined,
          true,
        );
        const [gradient]: (Tensor | null | undefined)[] = grads;
        if (!gradient) throw unreached(nodes);
        along = keep(gradient);
      });
      if (values === undefined || along === undefined) throw new PathlightError("internal", "No derivative came back.");
      const derivatives = split((await along.data()) as Float32Array, rows.length);
      const value = ((await values.data()) as Float32Array).slice();
      return { value, derivatives, errors: derivatives.map(() => 0) };
    } catch (error) {
      freeAbandonedTape();
      throw fromTensorError(error);
    } finally {
      dispose([values, along].filter((each) => each !== undefined));
    }
  }

  /** g is linear in u, so that any u will do. Zero would not: what cannot be differentiated passes zeros on. */
  #anyVector(): Float32Array {
    if (this.#seed.length !== this.#width) {
      const random = seededRandom(1);
      this.#seed = Float32Array.from({ length: this.#width }, () => 2 * random() - 1);
    }
    return this.#seed;
  }

  async #differ(rows: readonly JvpRow[]): Promise<Batch> {
    const [wide, narrow] = STEPS;
    const points = [...new Set(rows.map(({ point }) => point))];
    const middles = await this.#forward(
      points.map((point) => ({ point, direction: [] })),
      0,
    );
    const [up, down] = [await this.#forward(rows, wide), await this.#forward(rows, -wide)];
    const [nearUp, nearDown] = [await this.#forward(rows, narrow), await this.#forward(rows, -narrow)];
    const found = rows.map(({ point }, row) => {
      const middle = middles[points.indexOf(point)] ?? new Float32Array();
      return extrapolated(middle, [up[row], down[row], wide], [nearUp[row], nearDown[row], narrow]);
    });
    return {
      value: middles[0] ?? new Float32Array(),
      derivatives: found.map(({ derivative }) => derivative),
      errors: found.map(({ error }) => error),
    };
  }

  /** H at the point of each row, moved along its direction by the step. */
  async #forward(rows: readonly JvpRow[], step: number): Promise<Float32Array[]> {
    const nodes = rows[0]?.point ?? [];
    let output: Tensor | undefined;
    try {
      output = tidy(() => {
        const xs = nodes.map((_, part) => pointRows(rows, part, step));
        return this.#options.output(this.#feeds(nodes, xs, rows.length));
      });
      if (output.rank !== 2 || output.shape[0] !== rows.length) throw noVector(output.shape);
      return split((await output.data()) as Float32Array, rows.length);
    } catch (error) {
      throw fromTensorError(error);
    } finally {
      output?.dispose();
    }
  }

  #feeds(nodes: readonly JvpPoint[], xs: readonly Tensor[], rows: number): Map<NodeId, Tensor> {
    const feeds = new Map<NodeId, Tensor>();
    for (const [node, held] of this.#options.heldFeeds) {
      feeds.set(node, rows === 1 ? held : tile(held, [rows, ...held.shape.slice(1).map(() => 1)]));
    }
    for (const [k, { node }] of nodes.entries()) feeds.set(node, xs[k] as Tensor);
    return feeds;
  }
}

/** Why the exact way is closed; null for an error that is none of its own. */
function whyNot(error: unknown): string | null {
  if (!(error instanceof PathlightError)) return error instanceof Error ? error.message : null;
  return error.code === "model-not-differentiable" ? error.message : null;
}

function unreached(point: readonly JvpPoint[]): PathlightError {
  return new PathlightError("model-not-differentiable", "The output does not depend on what moves.", {
    expected: `a differentiable way from ${point.map(({ node }) => node).join(", ")}`,
    found: "none",
  });
}

function noVector(shape: readonly number[]): PathlightError {
  return new PathlightError("target-invalid", "A derivative is taken of one vector a sample.", {
    expected: "[rows, values]",
    found: `[${shape.join(", ")}]`,
  });
}
