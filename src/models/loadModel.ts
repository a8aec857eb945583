import { basename, dirname, extname, resolve } from "node:path";
import { throwIfCancelled } from "../common/cancellation.ts";
import type { DifferentiableModel } from "../engine/port.ts";
import type { ModelFormat } from "../protocol/manifest.ts";
import { modelInvalid } from "./disk/modelErrors.ts";
import { loadKerasArchive } from "./keras/loadKerasArchive.ts";
import { loadKerasH5 } from "./keras/loadKerasH5.ts";
import type { LoadedModel, ModelSummary } from "./loadedModel.ts";
import { loadTfjs } from "./loadTfjs.ts";
import { locateModel, type ModelKind } from "./locateModel.ts";
import { loadOnnx } from "./onnx/loadOnnx.ts";
import { installGradientRepairs } from "./repairs/installGradientRepairs.ts";

export interface LoadOptions {
  /** Refuse anything else; by default the file says what it is. */
  readonly format?: ModelFormat | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a format's loader hands over. */
export interface ReadModel {
  readonly model: DifferentiableModel;
  readonly format: ModelFormat;
  /** SHA-256, in hexadecimal, of the model's files. */
  readonly fingerprint: string;
  readonly weightBytes: number;
  /** Absolute, the file that was asked for first. */
  readonly files: readonly string[];
  readonly emptyCaches?: readonly string[];
}

/** Reads a file of one kind. Throws `cancelled` when the signal says so, and leaves no tensor behind when it throws. */
type FormatLoader = (file: string, signal: AbortSignal | undefined) => Promise<ReadModel>;

const loaders: Readonly<Record<ModelKind, FormatLoader>> = {
  tfjs: loadTfjs,
  "keras-h5": loadKerasH5,
  keras: loadKerasArchive,
  onnx: loadOnnx,
};

/**
 * Loads a model from disk; `path` is its file, or the folder that holds it. A backend must be active. Errors:
 * `model-not-found`, `model-invalid`, `model-shard-missing`, `model-shard-size`, `model-unknown-op`,
 * `model-unsupported-shape`, `not-finite`, `cancelled`.
 */
export async function loadModel(path: string, options: LoadOptions = {}): Promise<LoadedModel> {
  installGradientRepairs();
  const { file, kind } = await locateModel(resolve(path));
  throwIfCancelled(options.signal);
  const read = await loaders[kind](file, options.signal);
  if (options.format !== undefined && options.format !== read.format) {
    read.model.dispose();
    throw modelInvalid(
      file,
      `The file is not a ${options.format} model.`,
      options.format,
      read.format,
      `Leave the format out or set it to ${read.format}.`,
    );
  }
  const { weightBytes, ...rest } = read;
  return { ...rest, name: nameOfModel(file), summary: summarize(read.model, weightBytes) };
}

/** A file called `model` says nothing, nor does one called `encoder_model`; its folder does. */
export function nameOfModel(file: string): string {
  const name = basename(file, extname(file));
  if (name !== "model" && name !== "encoder_model") return name;
  const folder = dirname(file);
  return basename(basename(folder) === "onnx" ? dirname(folder) : folder);
}

function summarize(model: DifferentiableModel, weightBytes: number): ModelSummary {
  const operations: Record<string, number> = {};
  for (const { op } of model.nodes) operations[op] = (operations[op] ?? 0) + 1;
  const layerCount = new Set(model.nodes.map((node) => node.layer ?? node.id)).size;
  return { layerCount, parameterCount: model.parameterCount, weightBytes, operations };
}
