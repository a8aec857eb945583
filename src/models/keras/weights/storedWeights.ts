import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../common/errors.ts";
import { modelInvalid } from "../../disk/modelErrors.ts";
import type { LayerVariable } from "../../layers/own/ownLayer.ts";
import type { Hdf5Contents, Hdf5Dataset } from "../hdf5/hdf5Contents.ts";
import { decodeValues } from "./decodeValues.ts";

/** The weights in an HDF5 file by path. Each is given to one variable. */
export class StoredWeights {
  readonly file: string;
  readonly groups: ReadonlySet<string>;
  readonly #datasets: ReadonlyMap<string, Hdf5Dataset>;
  readonly #used = new Set<string>();

  constructor(file: string, contents: Hdf5Contents) {
    this.file = file;
    this.groups = new Set(contents.groups);
    this.#datasets = new Map(contents.datasets.map((dataset) => [dataset.path, dataset]));
  }

  /** How many values the largest weight has. */
  get mostValues(): number {
    return Math.max(
      0,
      ...[...this.#datasets.values()].map(({ shape }) => shape.reduce((product, size) => product * size, 1)),
    );
  }

  /** Those that no variable has been given. */
  unused(): string[] {
    return [...this.#datasets.keys()].filter((path) => !this.#used.has(path));
  }

  /** Writes a weight into a variable of the layer at `place`. Errors: `model-invalid`, `not-finite`. */
  assign(variable: LayerVariable, path: string, place: string): void {
    const dataset = this.#datasets.get(path);
    if (dataset === undefined) throw this.#mismatch(place, `a weight at ${path}`, "none");
    const shape = variable.shape.map((size) => size ?? -1);
    if (!tf.util.arraysEqual(shape, dataset.shape)) {
      throw this.#mismatch(place, `the shape [${shape.join(", ")}] for ${path}`, `[${dataset.shape.join(", ")}]`);
    }
    const values = decodeValues(dataset);
    if (values === undefined)
      throw this.#mismatch(place, `numbers at ${path}`, `values of ${dataset.width} bytes of another kind`);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new PathlightError("not-finite", `The weight ${path} is not finite.`, {
        file: this.file,
        expected: "finite numbers",
        found: `${values[bad]} at ${bad} in ${path} of the layer ${place}, shape [${dataset.shape.join(", ")}]`,
        whatToDo: "Save the model from before the training diverged.",
      });
    }
    const tensor = tf.tensor(values, dataset.shape);
    try {
      variable.write(tensor);
    } finally {
      tensor.dispose();
    }
    this.#used.add(path);
  }

  #mismatch(place: string, expected: string, found: string): PathlightError {
    return weightsDiffer(this.file, place, expected, found);
  }
}

export function weightsDiffer(file: string, place: string, expected: string, found: string): PathlightError {
  return modelInvalid(
    file,
    `The weights of the layer ${place} do not fit its configuration.`,
    expected,
    found,
    "Save the whole model again.",
  );
}
