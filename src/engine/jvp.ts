import {
  add,
  dispose,
  engine,
  keep,
  mul,
  randomNormal,
  sum,
  type Tensor,
  tensor,
  tidy,
  tile,
} from "@tensorflow/tfjs-core";
import { breathe, throwIfCancelled } from "../common/cancellation.ts";
import { PathlightError } from "../common/errors.ts";
import { freeAbandonedTape } from "./abandonedTape.ts";
import type { NodeId } from "./port.ts";
import { fromTensorError } from "./tensorErrors.ts";

/** What moves: a node with its value at the point, without the batch axis. */
export interface JvpPoint {
  readonly node: NodeId;
  readonly shape: readonly number[];
  readonly value: Float32Array;
}

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

/** A direction: one array for each moving node, of the length of its value. */
export type Direction = readonly Float32Array[];

export interface DirectionalDerivatives {
  /** H at the point, [width]. */
  readonly value: Float32Array;
  /** ∂H/∂v, [width] for each direction. */
  readonly derivatives: readonly Float32Array[];
  /** Estimated Σ|error| over all derivatives; 0 where they are exact but for rounding. */
  readonly error: number;
}

/** Steps of the differences, on the scale of the direction. */
const STEPS = [2 ** -6, 2 ** -7] as const;
/** Smaller ones for a network with many kinks: a step of theirs crosses few or none. */
const NARROW_STEPS = [2 ** -8, 2 ** -10, 2 ** -12, 2 ** -14] as const;
/** Rows of one batch at first; halved where they do not fit into memory. */
const ROWS = 16;
/** Of a value, relative: half a unit in the last place of float32, and as much again from the sums behind it. */
const ROUNDING = 2 ** -23;
/** Least relative gap to a difference that is held against a derivative, whatever the error bar says. */
const GAP = 0.02;

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

  private constructor(options: JvpOptions, width: number, method: JvpMethod) {
    this.#options = options;
    this.#width = width;
    this.method = method;
  }

  /** Tries at a point which way there is. Throws what the model throws when it evaluates H there. */
  static async create(options: JvpOptions, point: readonly JvpPoint[], direction: Direction): Promise<Jvp> {
    throwIfCancelled(options.signal);
    const differences = new Jvp(options, 0, { kind: "central-differences", reason: "" });
    const [value] = await differences.#forward(point, [direction], [0]);
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
    let value: Float32Array | undefined;
    let error = 0;
    while (derivatives.length < directions.length) {
      throwIfCancelled(this.#options.signal);
      const part = directions.slice(derivatives.length, derivatives.length + this.#rows);
      try {
        const found = await (this.method.kind === "double-vjp" ? this.#exact(point, part) : this.#differ(point, part));
        value ??= found.value;
        error += found.error;
        derivatives.push(...found.derivatives);
      } catch (thrown) {
        const isTooLarge = thrown instanceof PathlightError && thrown.code === "out-of-memory";
        if (!isTooLarge || part.length === 1) throw thrown;
        this.#rows = Math.ceil(part.length / 2);
        continue;
      }
      await breathe();
    }
    if (value === undefined) throw new PathlightError("internal", "A derivative along no direction.");
    return { value, derivatives, error };
  }

  /**
   * Holds a derivative along a direction against central differences of H. Null where they agree within 2 %, at the first
   * step or a smaller one; else by how much they are apart, relative. A difference across a kink of the network differs
   * from the derivative, rightly, and the less the smaller the step; a wrong derivative differs at every step. Steps at
   * which rounding would hide 2 % say nothing; where all are such, the error bar of the difference decides.
   */
  async disagreement(
    point: readonly JvpPoint[],
    direction: Direction,
    derivative: ArrayLike<number>,
  ): Promise<number | null> {
    throwIfCancelled(this.#options.signal);
    const found = await this.#differ(point, [direction]);
    const difference = found.derivatives[0] ?? [];
    const { gap, size } = gapOf(derivative, difference);
    if (size === 0 ? gap === 0 : gap <= GAP * size) return null;
    let least = size === 0 ? Number.POSITIVE_INFINITY : gap / size;
    let decided = false;
    const largest = found.value.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (const step of NARROW_STEPS) {
      throwIfCancelled(this.#options.signal);
      const [up = [], down = []] = await this.#forward(point, [direction, direction], [step, -step]);
      const slopes = Array.from(up, (value, k) => (value - (down[k] ?? Number.NaN)) / (2 * step));
      const narrow = gapOf(derivative, slopes);
      if ((ROUNDING * largest * slopes.length) / step > GAP * narrow.size) break;
      if (narrow.gap <= GAP * narrow.size) return null;
      least = decided ? Math.min(least, narrow.gap / narrow.size) : narrow.gap / narrow.size;
      decided = true;
    }
    return !decided && gap <= 3 * found.error ? null : least;
  }

  async #exact(point: readonly JvpPoint[], directions: readonly Direction[]): Promise<DirectionalDerivatives> {
    const rows = directions.length;
    let values: Tensor | undefined;
    let along: Tensor | undefined;
    try {
      tidy(() => {
        const xs = point.map((each) =>
          pointRows(
            each,
            directions.map(() => 0),
          ),
        );
        const feeds = this.#feeds(point, xs, rows);
        const vs = point.map(({ shape }, k) => directionRows(shape, directions, k));
        // g is linear in u, so that any u will do. Zero would not: what cannot be differentiated passes zeros on.
        const u = randomNormal([rows, this.#width], 0, 1, "float32", 1);
        const { grads } = engine().gradients(
          () => {
            const inner = engine().gradients(
              () => {
                const output = this.#options.output(feeds);
                values = keep(output.clone());
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
            if (first === undefined) throw unreached(point);
            return others.reduce((total, term) => add(total, term), first);
          },
          [u],
          undefined,
          true,
        );
        const [gradient]: (Tensor | null | undefined)[] = grads;
        if (!gradient) throw unreached(point);
        along = keep(gradient);
      });
      if (values === undefined || along === undefined) throw new PathlightError("internal", "No derivative came back.");
      const derivatives = split(Float32Array.from(await along.data()), rows);
      const [value = new Float32Array()] = split(Float32Array.from(await values.data()), rows);
      return { value, derivatives, error: 0 };
    } catch (error) {
      freeAbandonedTape();
      throw fromTensorError(error);
    } finally {
      dispose([values, along].filter((each) => each !== undefined));
    }
  }

  /**
   * Central differences at two steps, h and h/2, extrapolated: D = (4 D(h/2) − D(h)) / 3. With S(h) the second difference
   * (H(h) − 2 H(0) + H(−h)) / 2h, the error is taken for 2 |D(h/2) − D(h)| / 3 + |2 S(h/2) − S(h)|: for one kink within
   * the step, wherever it lies, that is what D is off by or more, while the second term is O(h³) where H is smooth.
   */
  async #differ(point: readonly JvpPoint[], directions: readonly Direction[]): Promise<DirectionalDerivatives> {
    const [wide, narrow] = STEPS;
    const [middle = new Float32Array()] = await this.#forward(point, directions.slice(0, 1), [0]);
    const at = async (step: number): Promise<Float32Array[]> =>
      this.#forward(
        point,
        directions,
        directions.map(() => step),
      );
    const [up, down] = [await at(wide), await at(-wide)];
    const [nearUp, nearDown] = [await at(narrow), await at(-narrow)];
    let error = 0;
    const derivatives = directions.map((_, row) =>
      middle.map((value, k) => {
        const far = pairOf(up[row]?.[k], down[row]?.[k], value, wide);
        const near = pairOf(nearUp[row]?.[k], nearDown[row]?.[k], value, narrow);
        const rounding = (2 * ROUNDING * Math.abs(value)) / narrow;
        const kink = Math.max(0, Math.abs(2 * near.bend - far.bend) - 2 * rounding);
        error += (2 * Math.abs(near.slope - far.slope)) / 3 + kink + rounding;
        return (4 * near.slope - far.slope) / 3;
      }),
    );
    return { value: middle, derivatives, error };
  }

  /** H at the point moved along each direction by its step, a row each. */
  async #forward(
    point: readonly JvpPoint[],
    directions: readonly Direction[],
    steps: readonly number[],
  ): Promise<Float32Array[]> {
    let output: Tensor | undefined;
    try {
      output = tidy(() => {
        const xs = point.map((each, k) => pointRows(each, steps, directions, k));
        return this.#options.output(this.#feeds(point, xs, steps.length));
      });
      if (output.rank !== 2 || output.shape[0] !== steps.length) throw noVector(output.shape);
      return split(Float32Array.from(await output.data()), steps.length);
    } catch (error) {
      throw fromTensorError(error);
    } finally {
      output?.dispose();
    }
  }

  #feeds(point: readonly JvpPoint[], xs: readonly Tensor[], rows: number): Map<NodeId, Tensor> {
    const feeds = new Map<NodeId, Tensor>();
    for (const [node, held] of this.#options.heldFeeds) {
      feeds.set(node, rows === 1 ? held : tile(held, [rows, ...held.shape.slice(1).map(() => 1)]));
    }
    for (const [k, { node }] of point.entries()) feeds.set(node, xs[k] as Tensor);
    return feeds;
  }
}

/** First and second difference over a step, the latter as a slope too: 0 on a straight line. */
function pairOf(up = Number.NaN, down = Number.NaN, middle: number, step: number): { slope: number; bend: number } {
  return { slope: (up - down) / (2 * step), bend: (up - 2 * middle + down) / (2 * step) };
}

/** Σ|derivative − difference| and Σ|difference|. */
function gapOf(derivative: ArrayLike<number>, difference: ArrayLike<number>): { gap: number; size: number } {
  let [gap, size] = [0, 0];
  for (let k = 0; k < difference.length; k++) {
    gap += Math.abs((derivative[k] ?? 0) - (difference[k] as number));
    size += Math.abs(difference[k] as number);
  }
  return { gap, size };
}

/** Rows of a value, each moved along its direction by its step; float64 sums, rounded once. */
function pointRows(
  { shape, value }: JvpPoint,
  steps: readonly number[],
  directions: readonly Direction[] = [],
  part = 0,
): Tensor {
  const rows = new Float32Array(value.length * steps.length);
  for (const [row, step] of steps.entries()) {
    const direction = directions[row]?.[part];
    for (let i = 0; i < value.length; i++) {
      rows[row * value.length + i] = (value[i] as number) + (step === 0 ? 0 : step * (direction?.[i] ?? 0));
    }
  }
  return tensor(rows, [steps.length, ...shape], "float32");
}

function directionRows(shape: readonly number[], directions: readonly Direction[], part: number): Tensor {
  const size = shape.reduce((product, side) => product * side, 1);
  const rows = new Float32Array(size * directions.length);
  for (const [row, direction] of directions.entries()) rows.set(direction[part] ?? [], row * size);
  return tensor(rows, [directions.length, ...shape], "float32");
}

function split(values: Float32Array, rows: number): Float32Array[] {
  const width = values.length / rows;
  return Array.from({ length: rows }, (_, row) => values.slice(row * width, (row + 1) * width));
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
