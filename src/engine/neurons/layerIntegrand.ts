import { throwIfCancelled } from "../../common/cancellation.ts";
import { PathlightError } from "../../common/errors.ts";
import type { GradientStore } from "../gradientStore.ts";
import { Jvp } from "../jvp.ts";
import type { Direction, JvpRow } from "../jvpRows.ts";
import type { PathIntegrand, PathSamples } from "../pathIntegrand.ts";
import type { Atoms } from "./atoms.ts";
import { type LayerMap, sumByNeuron } from "./layer.ts";
import { LayerGradient, type LayerPath } from "./layerGradient.ts";
import { layerOutput } from "./layerOutput.ts";
import { pathDirection, pathPoint } from "./pathPoint.ts";

export interface LayerIntegrandOptions extends LayerPath {
  readonly atoms: Atoms;
  /** Keeps what each atom gives to each value of the layer, a vector an atom and point. Whoever made it disposes it. */
  readonly store: GradientStore;
  /** After each derivative: how many of a point's there are, and the derivatives of all points so far. Must not throw. */
  readonly onDerivative?: ((done: number, perPoint: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is known of a point of the path. */
export interface LayerRecord {
  readonly f: number;
  /** What passes the layer. */
  readonly bypass: number;
  /** Handles in the store: of each atom, [width], and at the end of all features together. */
  readonly handles: readonly number[];
  /** ∂F/∂H · dH/dα by neuron, from the derivative along all of x − x'. */
  readonly whole: Float64Array;
  /** See `LayerIntegrand.size`. */
  readonly cells: Float32Array;
}

/** Thrown by `evaluate` when a neuron turns out not to be finite: what was integrated so far counts it still. */
export class NeuronExcluded extends Error {}

/** Cells that the certificate is taken over, at most: each is held in float64 for every point. */
const MOST_CELLS = 2 ** 18;
/** Points whose derivatives are taken together where there are few of each. */
const ROWS = 32;

/**
 * The path as an integrand of patch × neuron: g[k, j] = ∂F/∂H_j · (J_H v_k)_j with v_k = (x − x') ⊙ mask_k, so that the
 * integral is the conductance of neuron j (K. Dhamdhere, M. Sundararajan, Q. Yan, "How Important Is a Neuron?", 2018,
 * eq. 2) that flows through the features of atom k (D. Lundstrom, T. Huang, M. Razaviyayn, "A Rigorous Study of
 * Integrated Gradients Method and Extensions to Internal Neuron Attributions", 2022). One gradient of F a point, shared by
 * all atoms, and one directional derivative of H each. Σg, with what passes the layer, is dF/dα.
 *
 * A cell is an atom × neuron (× a few neighbouring neurons where there would be more than 2^18 cells); the last two are
 * what passes the layer, and what neurons carry that are not finite. Every point is evaluated once.
 */
export class LayerIntegrand implements PathIntegrand {
  readonly size: number;
  readonly map: LayerMap;
  readonly atoms: Atoms;
  /** Neurons that share a cell. */
  readonly neuronsPerCell: number;
  readonly #options: LayerIntegrandOptions;
  readonly #gradient: LayerGradient;
  readonly #jvp: Jvp;
  readonly #directions: readonly Direction[];
  readonly #records = new Map<number, LayerRecord>();
  readonly #excluded = new Set<number>();
  readonly #groups: number;
  #error = 0;
  #scale = 0;

  private constructor(options: LayerIntegrandOptions, gradient: LayerGradient, jvp: Jvp) {
    const { atoms, ends } = options;
    this.#options = options;
    this.#gradient = gradient;
    this.#jvp = jvp;
    this.atoms = atoms;
    this.map = gradient.map;
    this.neuronsPerCell = Math.max(1, Math.ceil((atoms.count * this.map.neurons) / MOST_CELLS));
    this.#groups = Math.ceil(this.map.neurons / this.neuronsPerCell);
    this.size = atoms.count * this.#groups + 2;
    const parts = Array.from({ length: atoms.count }, (_, atom) =>
      pathDirection(ends, (feature) => atoms.atomOf[feature] === atom),
    );
    this.#directions = atoms.count === 1 ? parts : [...parts, pathDirection(ends)];
  }

  /** Throws what the model throws, and `model-not-differentiable` where the score does not depend on the layer. */
  static async create(options: LayerIntegrandOptions): Promise<LayerIntegrand> {
    const { ends, heldFeeds, signal } = options;
    const gradient = new LayerGradient(options);
    // Finds out at once whether the score depends on the layer, and whether the layer is a cut.
    await gradient.at([0.5]);
    const jvp = await Jvp.create(
      { output: layerOutput(options), heldFeeds, signal },
      pathPoint(ends, 0.5),
      pathDirection(ends),
    );
    return new LayerIntegrand(options, gradient, jvp);
  }

  get isCut(): boolean {
    return this.#gradient.isCut === true;
  }

  /** How the directional derivatives are taken. */
  get method(): Jvp["method"] {
    return this.#jvp.method;
  }

  /** Estimated relative error of the directional derivatives; 0 where they are exact but for rounding. */
  get derivativeError(): number {
    return this.#scale === 0 ? 0 : this.#error / this.#scale;
  }

  /** Neurons that are not finite somewhere, ascending. */
  get excluded(): number[] {
    return [...this.#excluded].sort((a, b) => a - b);
  }

  get evaluations(): number {
    return this.#records.size;
  }

  /** Derivatives at a point. */
  get derivativesPerPoint(): number {
    return this.#directions.length;
  }

  /** Throws `internal` for a point that was not evaluated. */
  record(alpha: number): LayerRecord {
    const record = this.#records.get(alpha);
    if (record === undefined) throw new PathlightError("internal", `The point ${alpha} was not evaluated.`);
    return record;
  }

  async evaluate(alphas: readonly number[], signal?: AbortSignal): Promise<PathSamples> {
    const missing = alphas.filter((alpha) => !this.#records.has(alpha));
    const known = this.#excluded.size;
    const together = Math.max(1, Math.floor(ROWS / this.#directions.length));
    for (let from = 0; from < missing.length; from += together) {
      throwIfCancelled(signal ?? this.#options.signal);
      await this.#compute(missing.slice(from, from + together));
    }
    if (this.#excluded.size > known) {
      for (const [alpha, record] of this.#records) this.#records.set(alpha, await this.#without(alpha, record));
      throw new NeuronExcluded();
    }
    const records = alphas.map((alpha) => this.record(alpha));
    return {
      f: Float64Array.from(records, ({ f }) => f),
      g: records.map(({ cells }) => Float32Array.from(cells)),
    };
  }

  /** Scores at baseline and sample. */
  async endScores(): Promise<{ readonly baseline: number; readonly input: number }> {
    const { f } = await this.#gradient.at([0, 1]);
    return { baseline: f[0] as number, input: f[1] as number };
  }

  /**
   * Holds the derivative of the whole layer at a point against a central difference of it, or, where derivatives are
   * differences themselves, the slope of the score that they give against the gradient of the input. Null: they agree;
   * else how far they are apart, relative.
   */
  async disagreement(alpha: number): Promise<number | null> {
    const point = pathPoint(this.#options.ends, alpha);
    const direction = pathDirection(this.#options.ends);
    const found = await this.#jvp.at(point, [direction]);
    const derivative = found.derivatives[0] ?? new Float32Array();
    if (this.method.kind === "double-vjp") return this.#jvp.disagreement(point, direction, derivative);
    const { gradients, bypass } = await this.#gradient.at([alpha]);
    const [slope = 0] = await this.#gradient.slopes([alpha]);
    let [sum, size] = [bypass[0] ?? 0, Math.abs(bypass[0] ?? 0)];
    for (const [i, value] of derivative.entries()) {
      const term = value * (gradients[0]?.[i] ?? 0);
      if (!Number.isFinite(term)) continue;
      sum += term;
      size += Math.abs(term);
    }
    const gap = Math.abs(sum - slope);
    return gap <= 0.02 * size || size === 0 ? null : gap / size;
  }

  /** What two halves of the features give to each neuron, added up, and what all of them give, at a point; [neurons]. */
  async halves(alpha: number): Promise<{ readonly halves: Float64Array; readonly whole: Float64Array }> {
    const { ends } = this.#options;
    const point = pathPoint(ends, alpha);
    const { gradients } = await this.#gradient.at([alpha]);
    const directions = [0, 1].map((half) => pathDirection(ends, (feature) => feature % 2 === half));
    const moving = directions.filter((parts) => parts.some((part) => part.some((value) => value !== 0)));
    const { derivatives } = await this.#jvp.at(point, [...moving, pathDirection(ends)]);
    const products = derivatives.map((derivative) => {
      const product = new Float64Array(this.map.width);
      for (const [i, value] of derivative.entries()) {
        const term = value * (gradients[0]?.[i] ?? 0);
        product[i] = Number.isFinite(term) ? term : 0;
      }
      return sumByNeuron(this.map, product);
    });
    const whole = products.pop() ?? new Float64Array(this.map.neurons);
    const halves = new Float64Array(this.map.neurons);
    for (const part of products) for (const [j, value] of part.entries()) halves[j] = (halves[j] as number) + value;
    return { halves, whole };
  }

  async #compute(alphas: readonly number[]): Promise<void> {
    const { f, gradients, bypass } = await this.#gradient.at(alphas);
    const rows: JvpRow[] = alphas.flatMap((alpha) => {
      const point = pathPoint(this.#options.ends, alpha);
      return this.#directions.map((direction) => ({ point, direction }));
    });
    const perPoint = this.#directions.length;
    const handles = alphas.map((): number[] => []);
    const sums = alphas.map((): Float64Array[] => []);
    await this.#jvp.rows(rows, (derivative, row, error) => {
      const at = Math.floor(row / perPoint);
      this.#weigh(derivative, gradients[at] ?? new Float32Array(), error);
      handles[at]?.push(this.#options.store.put(derivative));
      sums[at]?.push(sumByNeuron(this.map, derivative));
      this.#options.onDerivative?.((row % perPoint) + 1, perPoint);
    });
    for (const [at, alpha] of alphas.entries()) {
      const byNeuron = sums[at] ?? [];
      const own = handles[at] ?? [];
      this.#records.set(alpha, {
        f: f[at] as number,
        bypass: bypass[at] as number,
        // A single atom is everything that moves.
        handles: perPoint === 1 ? [...own, ...own] : own,
        whole: byNeuron.at(-1) ?? new Float64Array(this.map.neurons),
        cells: await this.#cells(alpha, byNeuron.slice(0, this.atoms.count), bypass[at] as number),
      });
    }
  }

  /** In place: times ∂F/∂H. What is not finite takes its neuron out. */
  #weigh(derivative: Float32Array, gradient: Float32Array, error: number): void {
    let size = 0;
    for (let i = 0; i < derivative.length; i++) {
      const along = derivative[i] as number;
      const product = along * (gradient[i] as number);
      if (Number.isFinite(product)) {
        size += Math.abs(along);
        derivative[i] = product;
      } else {
        this.#excluded.add(this.map.neuronOf[i] as number);
        derivative[i] = 0;
      }
    }
    this.#error += error;
    this.#scale += size;
  }

  async #cells(alpha: number, byNeuron: readonly Float64Array[], bypass: number): Promise<Float32Array> {
    const cells = new Float32Array(this.size);
    let total = 0;
    for (const [atom, sums] of byNeuron.entries()) {
      for (let group = 0; group < this.#groups; group++) {
        let sum = 0;
        const end = Math.min(this.map.neurons, (group + 1) * this.neuronsPerCell);
        for (let j = group * this.neuronsPerCell; j < end; j++) if (!this.#excluded.has(j)) sum += sums[j] as number;
        cells[atom * this.#groups + group] = sum;
        total += sum;
      }
    }
    cells[this.size - 2] = bypass;
    if (this.#excluded.size > 0) {
      if (this.#excluded.size === this.map.neurons) throw this.#noneIsFinite(alpha);
      const [slope = Number.NaN] = await this.#gradient.slopes([alpha]);
      const rest = slope - total - bypass;
      cells[this.size - 1] = Number.isFinite(rest) ? rest : 0;
    }
    return cells;
  }

  /** A record whose cells leave out the neurons that are known by now not to be finite. */
  async #without(alpha: number, record: LayerRecord): Promise<LayerRecord> {
    const atoms = record.handles.slice(0, this.atoms.count);
    const byNeuron = atoms.map((handle) => sumByNeuron(this.map, this.#options.store.get(handle)));
    return { ...record, cells: await this.#cells(alpha, byNeuron, record.bypass) };
  }

  #noneIsFinite(alpha: number): PathlightError {
    return new PathlightError(
      "not-finite",
      `No neuron of the layer has a finite conductance at α = ${alpha.toPrecision(4)} of the path.`,
      {
        expected: "finite values and derivatives along the whole path",
        found: "none",
        whatToDo: "Try another baseline, or a layer before the one where it begins.",
      },
    );
  }
}
