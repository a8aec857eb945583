import type { DifferentiableModel } from "../engine/port.ts";
import type { ModelFormat } from "../protocol/manifest.ts";

/** What a person wants to know of a model before using it. */
export interface ModelSummary {
  readonly layerCount: number;
  readonly parameterCount: number;
  /** Bytes of the weight files on disk. */
  readonly weightBytes: number;
  /** How many nodes there are of each op or layer class. */
  readonly operations: Readonly<Record<string, number>>;
}

export interface LoadedModel {
  readonly model: DifferentiableModel;
  readonly format: ModelFormat;
  readonly name: string;
  readonly summary: ModelSummary;
  /** SHA-256, in hexadecimal, of `model.json` and the weight files in the manifest's order. */
  readonly fingerprint: string;
  /** `model.json` and the weight files, absolute: when one of them changes, the model has. */
  readonly files: readonly string[];
  /** Inputs for the keys and values of earlier steps, which are empty: the model reads the whole text at once. */
  readonly emptyCaches?: readonly string[];
}
