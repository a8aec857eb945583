import { readFileSync } from "node:fs";
import { join } from "node:path";
import { heatingFeatures } from "../../scripts/samples/heating.ts";

export const heatingNames: readonly string[] = heatingFeatures.map(({ column }) => column);

/** The features of each home of the table, and their mean. */
export function heatingHomes(samples: string): {
  readonly homes: readonly (readonly number[])[];
  readonly mean: readonly number[];
} {
  const homes = readFileSync(join(samples, "heating.csv"), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) =>
      line
        .split(",")
        .slice(1, 1 + heatingNames.length)
        .map(Number),
    );
  const mean = heatingNames.map(
    (_, feature) => homes.reduce((sum, home) => sum + (home[feature] ?? 0), 0) / homes.length,
  );
  return { homes, mean };
}

/**
 * The heating model of the sample workspace in float64, written out by hand: standardise, three layers with rectifiers, a
 * sum. What Pathlight says of it is held against this, which shares no code with it.
 */
export class HeatingTruth {
  readonly #scale: readonly number[];
  readonly #shift: readonly number[];
  readonly #layers: readonly { readonly kernel: readonly (readonly number[])[]; readonly bias: readonly number[] }[];

  constructor(samples: string) {
    const folder = join(samples, "models", "heating");
    const json = JSON.parse(readFileSync(join(folder, "model.json"), "utf8")) as {
      modelTopology: { config: { layers: { class_name: string; config: { epsilon?: number } }[] } };
      weightsManifest: { weights: { name: string; shape: number[] }[] }[];
    };
    const bytes = readFileSync(join(folder, "weights.bin"));
    let at = 0;
    const weights = new Map<string, number[]>();
    for (const { name, shape } of json.weightsManifest[0]?.weights ?? []) {
      const count = shape.reduce((product, side) => product * side, 1);
      weights.set(
        name,
        Array.from({ length: count }, (_, index) => bytes.readFloatLE(at + 4 * index)),
      );
      at += 4 * count;
    }
    const of = (name: string): number[] => weights.get(name) ?? [];
    const { epsilon = Number.NaN } = json.modelTopology.config.layers[0]?.config ?? {};
    const gamma = of("standardise/gamma");
    const variance = of("standardise/moving_variance");
    this.#scale = gamma.map((value, index) => value / Math.sqrt((variance[index] ?? Number.NaN) + epsilon));
    const mean = of("standardise/moving_mean");
    this.#shift = of("standardise/beta").map((value, index) => value - (mean[index] ?? 0) * (this.#scale[index] ?? 0));
    this.#layers = ["hidden1", "hidden2", "hidden3", "heating"].map((layer) => {
      const bias = of(`${layer}/bias`);
      const flat = of(`${layer}/kernel`);
      const rows = flat.length / bias.length;
      const kernel = Array.from({ length: rows }, (_, row) => flat.slice(row * bias.length, (row + 1) * bias.length));
      return { kernel, bias };
    });
  }

  /** kWh a day. */
  value(home: readonly number[]): number {
    return this.#forward(home).at(-1)?.[0] ?? Number.NaN;
  }

  /**
   * What each feature gives to each unit of `hidden2`, [features × units]: the midpoint rule of
   * ∂F/∂H_j · ∂H_j/∂x_i · (x_i − x'_i) over the straight path. Summed over the units it is Integrated Gradients.
   */
  ofHidden2(home: readonly number[], baseline: readonly number[], steps = 4000): number[][] {
    const found = home.map(() => Array.from({ length: this.#layers[1]?.bias.length ?? 0 }, () => 0));
    for (let step = 0; step < steps; step++) {
      const alpha = (step + 0.5) / steps;
      const at = home.map((value, index) => (baseline[index] ?? 0) + alpha * (value - (baseline[index] ?? 0)));
      const [first = [], second = [], third = []] = this.#forward(at);
      // ∂F/∂H backwards from the output to hidden2.
      const seed = (this.#layers[3]?.kernel ?? []).map((row, unit) => ((third[unit] ?? 0) > 0 ? (row[0] ?? 0) : 0));
      const upper = (this.#layers[2]?.kernel ?? []).map((row) => dot(row, seed));
      home.forEach((value, feature) => {
        const pushed = (this.#layers[0]?.kernel[feature] ?? []).map((weight, unit) =>
          (first[unit] ?? 0) > 0 ? weight * (this.#scale[feature] ?? 0) * (value - (baseline[feature] ?? 0)) : 0,
        );
        found[feature]?.forEach((sum, unit, row) => {
          if ((second[unit] ?? 0) <= 0) return;
          const along = (this.#layers[1]?.kernel ?? []).reduce((total, from, k) => {
            return total + (from[unit] ?? 0) * (pushed[k] ?? 0);
          }, 0);
          row[unit] = sum + ((upper[unit] ?? 0) * along) / steps;
        });
      });
    }
    return found;
  }

  /** Values of the four layers, behind their rectifiers. */
  #forward(home: readonly number[]): number[][] {
    let values = home.map((value, index) => value * (this.#scale[index] ?? 0) + (this.#shift[index] ?? 0));
    return this.#layers.map(({ kernel, bias }, layer) => {
      values = bias.map((offset, unit) => {
        const sum = kernel.reduce((total, row, k) => total + (row[unit] ?? 0) * (values[k] ?? 0), offset);
        return layer === this.#layers.length - 1 ? sum : Math.max(0, sum);
      });
      return values;
    });
  }
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}
