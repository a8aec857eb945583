import { PathlightError } from "../common/errors.ts";
import { type GradientStore, MemoryGradientStore } from "./gradientStore.ts";
import { type Grain, sumByCell } from "./grain.ts";

/**
 * Every node of a path that was ever evaluated. Nodes are known by their index in order of arrival and are never
 * removed, so that a mesh may refer to them and a later run find them by their α.
 */
export class PathNodes {
  readonly grain: Grain;
  readonly store: GradientStore;
  readonly alphas: number[] = [];
  readonly f: number[] = [];
  /** Σg of each node, equal to df/dt where the gradient is right. */
  readonly slopes: number[] = [];
  readonly #cells: Float64Array[] = [];
  readonly #handles: number[] = [];
  readonly #indexOf = new Map<number, number>();

  constructor(grain: Grain, store: GradientStore = new MemoryGradientStore()) {
    this.grain = grain;
    this.store = store;
  }

  get count(): number {
    return this.alphas.length;
  }

  indexOf(alpha: number): number | undefined {
    return this.#indexOf.get(alpha);
  }

  add(alpha: number, f: number, g: Float32Array): number {
    if (!Number.isFinite(f)) throw notFinite("score", alpha, f);
    const wrong = g.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) throw notFinite(`gradient of feature ${wrong}`, alpha, g[wrong] as number);
    return this.#append(alpha, f, sumByCell(this.grain, g), this.store.put(g));
  }

  cells(index: number): Float64Array {
    return this.#cells[index] as Float64Array;
  }

  gradient(index: number): Float32Array {
    return this.store.get(this.#handles[index] as number);
  }

  /** Σ weight × node, at the grain. `weights` by node index; missing ones count as zero. */
  combineCells(weights: Float64Array): Float64Array {
    const sum = new Float64Array(this.grain.cellCount);
    for (const [index, weight] of weights.entries()) if (weight !== 0) addScaled(sum, this.cells(index), weight);
    return sum;
  }

  /** Σ weight × node, one value a feature. */
  combineFeatures(weights: Float64Array): Float64Array {
    const sum = new Float64Array(this.grain.cellOf.length);
    for (const [index, weight] of weights.entries()) if (weight !== 0) addScaled(sum, this.gradient(index), weight);
    return sum;
  }

  /** The same nodes for another run, which adds its own; gradients are shared. */
  fork(grain: Grain = this.grain): PathNodes {
    const copy = new PathNodes(grain, this.store);
    for (let index = 0; index < this.count; index++) {
      const cells = grain === this.grain ? this.cells(index) : sumByCell(grain, this.gradient(index));
      copy.#append(this.alphas[index] as number, this.f[index] as number, cells, this.#handles[index] as number);
    }
    return copy;
  }

  #append(alpha: number, f: number, cells: Float64Array, handle: number): number {
    const index = this.alphas.push(alpha) - 1;
    this.f.push(f);
    this.slopes.push(cells.reduce((sum, value) => sum + value, 0));
    this.#cells.push(cells);
    this.#handles.push(handle);
    this.#indexOf.set(alpha, index);
    return index;
  }
}

function addScaled(sum: Float64Array, values: Float32Array | Float64Array, weight: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + weight * (values[i] as number);
}

function notFinite(what: string, alpha: number, found: number): PathlightError {
  return new PathlightError(
    "not-finite",
    `The ${what} is not a finite number at α = ${alpha.toPrecision(4)} of the path.`,
    {
      expected: "finite values along the whole path",
      found: String(found),
      whatToDo: "Check the model's weights and the sample; try another baseline if only part of the path is affected.",
    },
  );
}
