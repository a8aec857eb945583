import { dispose, engine, keep, type Tensor, tensor, tidy, tile } from "@tensorflow/tfjs-core";
import { breathe, throwIfCancelled } from "../common/cancellation.ts";
import { PathlightError } from "../common/errors.ts";
import { seededRandom } from "../common/random.ts";
import { freeAbandonedTape } from "./abandonedTape.ts";
import { Jvp, type JvpOptions } from "./jvp.ts";
import type { Direction, JvpPoint } from "./jvpRows.ts";
import { pathPoint } from "./neurons/pathPoint.ts";
import type { PathIntegrand } from "./pathIntegrand.ts";
import { fromTensorError } from "./tensorErrors.ts";

/** The two ends of the path in a node, without the batch axis, and what of it a person reads as one thing. */
export interface VectorPathEnds {
  readonly node: string;
  readonly shape: readonly number[];
  readonly x: Float32Array;
  readonly baseline: Float32Array;
  /** Group of each feature: a token. The same groups for all nodes. */
  readonly groupOf: Uint32Array;
}

export interface VectorPathOptions extends JvpOptions {
  readonly ends: readonly VectorPathEnds[];
  readonly groupCount: number;
  /** After each point that was evaluated. Must not throw. */
  readonly onEvaluated?: (() => void) | undefined;
}

/** A vector e at a point of the path, and what each group contributes to its slope. */
export interface VectorSample {
  /** e, [width]. */
  readonly value: Float32Array;
  /** J (x − x')_i for each group i that moves, one after the other, [groups × width]; their sum is de/dt. */
  readonly slopes: Float32Array;
}

/** Rows of one batch of gradients; halved where they do not fit. */
const ROWS = 16;
/** A row of a double backward pass costs about as much as two rows of a single one. */
const JVP_COST = 2;

/**
 * A vector e(x' + t (x − x')) along a path, and how groups of features move it: Integrated Gradients of a vector, for
 * Siamese encoders (L. Moeller, D. Nikolaev, S. Padó, "An Attribution Method for Siamese Encoders", 2023). The Jacobian
 * is taken row by row or group by group, whichever is less work. Every point is evaluated once.
 */
export class VectorPath {
  readonly width: number;
  /** Groups in which sample and baseline differ. */
  readonly groups: readonly number[];
  /** How the Jacobian is taken. */
  readonly way: "vjp" | Jvp["method"];
  readonly #options: VectorPathOptions;
  readonly #jvp: Jvp;
  readonly #directions: readonly Direction[];
  readonly #known = new Map<number, VectorSample>();
  #error = 0;
  #size = 0;
  #rows = ROWS;

  private constructor(
    options: VectorPathOptions,
    groups: readonly number[],
    directions: readonly Direction[],
    jvp: Jvp,
  ) {
    this.#options = options;
    this.#jvp = jvp;
    this.#directions = directions;
    this.groups = groups;
    this.width = jvp.width;
    this.way = jvp.width <= JVP_COST * groups.length ? "vjp" : jvp.method;
  }

  /** Throws `same-as-baseline` where nothing moves, and what the model throws. */
  static async create(options: VectorPathOptions): Promise<VectorPath> {
    const moving = new Set<number>();
    for (const { x, baseline, groupOf } of options.ends) {
      for (let i = 0; i < x.length; i++) if (x[i] !== baseline[i]) moving.add(groupOf[i] as number);
    }
    const groups = [...moving].sort((a, b) => a - b);
    if (groups.length === 0) {
      throw new PathlightError(
        "same-as-baseline",
        "The text is the same as its baseline: there is nothing to explain.",
        {
          whatToDo: "Choose another baseline.",
        },
      );
    }
    const directions = groups.map((group) =>
      options.ends.map(({ x, baseline, groupOf }) =>
        x.map((value, i) => (groupOf[i] === group ? value - (baseline[i] as number) : 0)),
      ),
    );
    const jvp = await Jvp.create(options, pathPoint(options.ends, 0.5), directions[0] ?? []);
    return new VectorPath(options, groups, directions, jvp);
  }

  /** Points that were evaluated. */
  get evaluations(): number {
    return this.#known.size;
  }

  /** Estimated error of the slopes, relative; 0 where they are exact but for rounding. */
  get slopeError(): number {
    return this.#size === 0 ? 0 : this.#error / this.#size;
  }

  async at(alpha: number): Promise<VectorSample> {
    const known = this.#known.get(alpha);
    if (known !== undefined) return known;
    throwIfCancelled(this.#options.signal);
    const sample = await (this.way === "vjp" ? this.#byRows(alpha) : this.#byGroups(alpha));
    if (!sample.value.every(Number.isFinite) || !sample.slopes.every(Number.isFinite)) {
      throw new PathlightError("not-finite", `The vector is not finite at α = ${alpha.toPrecision(4)} of the path.`, {
        expected: "finite values along the whole path",
        found: "a value that is not",
        whatToDo: "Choose another baseline: a vector of zeros has no direction.",
      });
    }
    this.#known.set(alpha, sample);
    this.#options.onEvaluated?.();
    return sample;
  }

  /**
   * Holds the slopes at a point against a central difference of e, along all groups at once, each to the one side or the
   * other at random, equal groups alike: padding moved apart would tear what is a tie of a maximum all along the path, and
   * there is no slope to compare with. Null where they agree; else by how much they are apart, relative.
   */
  async disagreement(alpha: number): Promise<number | null> {
    const { slopes } = await this.at(alpha);
    const random = seededRandom(1 + Math.round(1e6 * alpha));
    const signOf = new Map<string, number>();
    const signs = this.#directions.map((parts, row) => {
      const key = parts.map((part, k) => movedValues(part, this.#options.ends[k]?.groupOf, this.groups[row])).join(";");
      const sign = signOf.get(key) ?? (random() < 0.5 ? -1 : 1);
      signOf.set(key, sign);
      return sign;
    });
    const direction = this.#options.ends.map((_, part) => {
      const sum = new Float32Array(this.#directions[0]?.[part]?.length ?? 0);
      for (const [row, each] of this.#directions.entries()) {
        each[part]?.forEach((value, i) => {
          if (value !== 0) sum[i] = (sum[i] as number) + value * (signs[row] ?? 1);
        });
      }
      return sum;
    });
    const along = new Float64Array(this.width);
    for (const [row, sign] of signs.entries()) {
      for (let k = 0; k < this.width; k++) along[k] = (along[k] as number) + sign * (slopes[row * this.width + k] ?? 0);
    }
    return this.#jvp.disagreement(pathPoint(this.#options.ends, alpha), direction, along);
  }

  /**
   * The path as an integrand: `weights` [targets × width] of e. A cell is what a group contributes to one of them,
   * [groups × targets]; f is the sum of e over all targets.
   */
  projected(weights: readonly Float64Array[]): PathIntegrand {
    const whole = new Float64Array(this.width);
    for (const row of weights)
      for (let k = 0; k < this.width; k++) whole[k] = (whole[k] as number) + (row[k] as number);
    return this.#integrand(this.groups.length * weights.length, ({ value, slopes }) => {
      const cells = new Float32Array(this.groups.length * weights.length);
      for (let group = 0; group < this.groups.length; group++) {
        const slope = slopes.subarray(group * this.width, (group + 1) * this.width);
        for (const [target, row] of weights.entries()) cells[group * weights.length + target] = dot(slope, row);
      }
      return { f: dot(value, whole), g: cells };
    });
  }

  /**
   * The path as an integrand of every component by itself, [groups × width], each with the sign that it has in
   * `change`, e(x) − e(x'): so that f rises from 0 by Σ|change| and nothing cancels in it.
   */
  flattened(change: Float64Array): PathIntegrand {
    const signs = change.map((each) => (each < 0 ? -1 : 1));
    return this.#integrand(this.groups.length * this.width, ({ value, slopes }) => ({
      f: dot(value, signs),
      g: slopes.map((slope, i) => slope * (signs[i % this.width] as number)),
    }));
  }

  #integrand(size: number, read: (sample: VectorSample) => { f: number; g: Float32Array }): PathIntegrand {
    return {
      size,
      evaluate: async (alphas) => {
        const found = [];
        for (const alpha of alphas) found.push(read(await this.at(alpha)));
        return { f: Float64Array.from(found, ({ f }) => f), g: found.map(({ g }) => g) };
      },
    };
  }

  async #byGroups(alpha: number): Promise<VectorSample> {
    const { value, derivatives, error } = await this.#jvp.at(pathPoint(this.#options.ends, alpha), this.#directions);
    const slopes = new Float32Array(this.groups.length * this.width);
    for (const [row, derivative] of derivatives.entries()) slopes.set(derivative, row * this.width);
    this.#error += error;
    this.#size += slopes.reduce((sum, slope) => sum + Math.abs(slope), 0);
    return { value, slopes };
  }

  /** The gradient of every component, in batches; each times x − x' and summed over the groups. */
  async #byRows(alpha: number): Promise<VectorSample> {
    const point = pathPoint(this.#options.ends, alpha);
    const slopes = new Float32Array(this.groups.length * this.width);
    let value: Float32Array | undefined;
    for (let from = 0; from < this.width; ) {
      throwIfCancelled(this.#options.signal);
      const rows = Math.min(this.#rows, this.width - from);
      try {
        const found = await this.#gradients(point, from, rows);
        value ??= found.value;
        for (let row = 0; row < rows; row++) this.#addUp(found.gradients, row, slopes, from + row);
      } catch (error) {
        const isTooLarge = error instanceof PathlightError && error.code === "out-of-memory";
        if (!isTooLarge || rows === 1) throw error;
        this.#rows = Math.ceil(rows / 2);
        continue;
      }
      from += rows;
      await breathe();
    }
    return { value: value ?? new Float32Array(), slopes };
  }

  #addUp(gradients: readonly (Float32Array | null)[], row: number, slopes: Float32Array, component: number): void {
    const sums = new Float64Array(this.#options.groupCount);
    for (const [part, { x, baseline, groupOf }] of this.#options.ends.entries()) {
      const gradient = gradients[part]?.subarray(row * x.length, (row + 1) * x.length);
      if (gradient === undefined) continue;
      for (let i = 0; i < x.length; i++) {
        const group = groupOf[i] as number;
        const change = (x[i] as number) - (baseline[i] as number);
        sums[group] = (sums[group] as number) + (gradient[i] as number) * change;
      }
    }
    for (const [k, group] of this.groups.entries()) slopes[k * this.width + component] = sums[group] as number;
  }

  /** Gradients of the components [from, from + rows), a row each; null for a node that e does not depend on. */
  async #gradients(
    point: readonly JvpPoint[],
    from: number,
    rows: number,
  ): Promise<{ value: Float32Array; gradients: (Float32Array | null)[] }> {
    const { output, heldFeeds } = this.#options;
    let value: Tensor | undefined;
    let gradients: (Tensor | null)[] = [];
    try {
      tidy(() => {
        const xs = point.map((each) => {
          const one = tensor(each.value, [1, ...each.shape], "float32");
          return rows === 1 ? one : tile(one, [rows, ...each.shape.map(() => 1)]);
        });
        const feeds = new Map<string, Tensor>();
        for (const [node, held] of heldFeeds) {
          feeds.set(node, rows === 1 ? held : tile(held, [rows, ...held.shape.slice(1).map(() => 1)]));
        }
        for (const [k, { node }] of point.entries()) feeds.set(node, xs[k] as Tensor);
        const seed = new Float32Array(rows * this.width);
        for (let row = 0; row < rows; row++) seed[row * this.width + from + row] = 1;
        const { grads } = engine().gradients(
          () => {
            const found = output(feeds);
            value = keep(found.clone());
            return found;
          },
          xs,
          tensor(seed, [rows, this.width], "float32"),
          true,
        );
        gradients = grads.map((gradient: Tensor | null | undefined) => (gradient ? keep(gradient) : null));
      });
      const all = value === undefined ? new Float32Array() : Float32Array.from(await value.data());
      return {
        value: all.slice(0, this.width),
        gradients: await Promise.all(
          gradients.map(async (each) => (each ? Float32Array.from(await each.data()) : null)),
        ),
      };
    } catch (error) {
      freeAbandonedTape();
      throw fromTensorError(error);
    } finally {
      dispose([value, ...gradients].filter((each) => each !== undefined && each !== null));
    }
  }
}

/** What tells a group from another: how its features move. */
function movedValues(direction: Float32Array, groupOf: Uint32Array | undefined, group: number | undefined): string {
  return direction.filter((_, i) => groupOf?.[i] === group).join();
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}
