import { dispose, engine, keep, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { throwIfCancelled } from "../../common/cancellation.ts";
import { PathlightError } from "../../common/errors.ts";
import { freeAbandonedTape } from "../abandonedTape.ts";
import { Jvp } from "../jvp.ts";
import { split } from "../jvpRows.ts";
import type { PathIntegrand, PathSamples } from "../pathIntegrand.ts";
import { fromTensorError } from "../tensorErrors.ts";
import { LayerGradient, type LayerPath } from "./layerGradient.ts";
import { layerOutput } from "./layerOutput.ts";
import { feedsAt } from "./pathFeeds.ts";
import { joined, pathDirection, pathPoint } from "./pathPoint.ts";

export interface NeuronSourcesOptions extends LayerPath {
  /** Place of the neuron among those of the layer. */
  readonly neuron: number;
}

/** Relative gap between the two orders of summation above which one of them is wrong. */
const GAP = 0.02;

/**
 * What each feature i of the sample gives to one neuron j: g_i = (x_i − x'_i) Σ_places ∂F/∂H_j · ∂H_j/∂x_i, whose integral
 * over a patch is what the patch gives to the neuron (D. Lundstrom, T. Huang, M. Razaviyayn, "A Rigorous Study of
 * Integrated Gradients Method and Extensions to Internal Neuron Attributions", 2022), and over all features the neuron's
 * conductance. `LayerIntegrand` sums over the features of a patch first, which takes a directional derivative a patch and
 * gives all neurons; here the places of the neuron are summed over first, which takes one backward pass a point whatever
 * the number of patches, and no derivative of second order.
 *
 * The last value of g is what flows past the neuron, dF/dα less the others, by the gradient of the score with respect to
 * the input: so Σg is dF/dα, and completeness certifies the points and weights. Holds no tensors between calls.
 */
export class NeuronSources implements PathIntegrand {
  readonly size: number;
  readonly #options: NeuronSourcesOptions;
  readonly #gradient: LayerGradient;
  /** x − x', [features]. */
  readonly #along: Float32Array;

  constructor(options: NeuronSourcesOptions) {
    this.#options = options;
    this.#gradient = new LayerGradient(options);
    this.#along = joined(pathDirection(options.ends));
    this.size = this.#along.length + 1;
  }

  /** Throws what the model throws, `not-finite` for the neuron, `model-not-differentiable` where the score does not depend on its layer. */
  async evaluate(alphas: readonly number[], signal?: AbortSignal): Promise<PathSamples> {
    throwIfCancelled(signal);
    const { f, gradients } = await this.#gradient.at(alphas);
    const slopes = await this.#gradient.slopes(alphas);
    const seeds = gradients.map((gradient, row) => this.#seed(gradient, alphas[row] as number));
    const rows = await this.#pullBack(alphas, seeds);
    const along = this.#along;
    const g = rows.map((row, k) => {
      const products = new Float32Array(this.size);
      let sum = 0;
      for (let i = 0; i < row.length; i++) {
        // A feature that does not move gives nothing, whatever its derivative.
        const product = along[i] === 0 ? 0 : (along[i] as number) * (row[i] as number);
        products[i] = product;
        sum += product;
      }
      if (!Number.isFinite(sum)) throw notFinite(alphas[k] as number);
      products[this.size - 1] = (slopes[k] as number) - sum;
      return products;
    });
    return { f, g };
  }

  /**
   * The sum over all features at a point against the same by one derivative of the layer along x − x', summed over the
   * places of the neuron. Null: they agree; else how far they are apart, relative.
   */
  async disagreement(alpha: number, signal?: AbortSignal): Promise<number | null> {
    const { ends, heldFeeds } = this.#options;
    const [{ gradients }, { g }] = [await this.#gradient.at([alpha]), await this.evaluate([alpha], signal)];
    const [point, direction] = [pathPoint(ends, alpha), pathDirection(ends)];
    const jvp = await Jvp.create({ output: layerOutput(this.#options), heldFeeds, signal }, point, direction);
    const { derivatives, error } = await jvp.at(point, [direction]);
    const seed = this.#seed(gradients[0] ?? new Float32Array(), alpha);
    let [forward, size, largest] = [0, 0, 0];
    for (const [i, weight] of seed.entries()) {
      const term = weight === 0 ? 0 : weight * (derivatives[0]?.[i] ?? Number.NaN);
      forward += term;
      size += Math.abs(term);
      largest = Math.max(largest, Math.abs(weight));
    }
    const backward = g[0]?.subarray(0, -1).reduce((sum, value) => sum + value, 0) ?? Number.NaN;
    size = Math.max(size, Math.abs(backward));
    const gap = Math.abs(forward - backward);
    return size === 0 || gap <= GAP * size + error * largest ? null : gap / size;
  }

  /** ∂F/∂H where it belongs to the neuron, 0 elsewhere; [width]. */
  #seed(gradient: Float32Array, alpha: number): Float32Array {
    const { neuronOf } = this.#gradient.map;
    const seed = new Float32Array(gradient.length);
    for (let i = 0; i < seed.length; i++) {
      if (neuronOf[i] !== this.#options.neuron) continue;
      const value = gradient[i] as number;
      if (!Number.isFinite(value)) throw notFinite(alpha);
      seed[i] = value;
    }
    return seed;
  }

  /** Σ_j seed_j ∂H_j/∂x at each point, [features] each. */
  async #pullBack(alphas: readonly number[], seeds: readonly Float32Array[]): Promise<Float32Array[]> {
    const { ends } = this.#options;
    let gradients: (Tensor | null)[] = [];
    try {
      tidy(() => {
        const feeds = feedsAt(this.#options, alphas);
        const leaves = ends.map(({ node }) => feeds.get(node) as Tensor);
        const width = this.#gradient.map.width;
        const all = new Float32Array(alphas.length * width);
        for (const [row, seed] of seeds.entries()) all.set(seed, row * width);
        const { grads } = engine().gradients(
          () => layerOutput(this.#options)(feeds),
          leaves,
          tensor(all, [alphas.length, width], "float32"),
          true,
        );
        gradients = grads.map((gradient: Tensor | null | undefined) => (gradient ? keep(gradient) : null));
      });
      const rows = alphas.map(() => new Float32Array(this.size - 1));
      let offset = 0;
      for (const [k, { x }] of ends.entries()) {
        const gradient = gradients[k];
        if (gradient) {
          const parts = split((await gradient.data()) as Float32Array, alphas.length);
          for (const [row, part] of parts.entries()) rows[row]?.set(part, offset);
        }
        offset += x.length;
      }
      return rows;
    } catch (error) {
      freeAbandonedTape();
      throw fromTensorError(error);
    } finally {
      dispose(gradients.filter((gradient) => gradient !== null));
    }
  }
}

function notFinite(alpha: number): PathlightError {
  return new PathlightError(
    "not-finite",
    `What drives the neuron is not a finite number at α = ${alpha.toPrecision(4)} of the path.`,
    {
      expected: "finite derivatives between the input, the neuron and the score along the whole path",
      found: "one that is not",
      whatToDo: "Try another baseline: often one end of the path is where a root or a logarithm has no slope.",
    },
  );
}
