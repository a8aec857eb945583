import { createHash } from "node:crypto";
import { basename, dirname, resolve } from "node:path";
import { throwIfCancelled } from "../common/cancellation.ts";
import type { DifferentiableModel } from "../engine/port.ts";
import type { ModelFormat } from "../protocol/manifest.ts";
import { readModelJson } from "./disk/readModelJson.ts";
import { readWeights } from "./disk/readWeights.ts";
import { loadGraph } from "./graph/loadGraph.ts";
import { loadLayers } from "./layers/loadLayers.ts";
import type { LoadedModel, ModelSummary } from "./loadedModel.ts";
import { installGradientRepairs } from "./repairs/installGradientRepairs.ts";

export interface LoadOptions {
  /** Refuse anything else; by default the file says what it is. */
  readonly format?: ModelFormat | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Loads a tfjs layers or graph model from disk; `path` is a `model.json` or the folder that holds one. A backend must be
 * active. Errors: `model-not-found`, `model-invalid`, `model-shard-missing`, `model-shard-size`, `model-unknown-op`,
 * `model-unsupported-shape`, `not-finite`, `cancelled`.
 */
export async function loadModel(path: string, options: LoadOptions = {}): Promise<LoadedModel> {
  installGradientRepairs();
  const source = await readModelJson(path, options.format);
  throwIfCancelled(options.signal);
  const weights = await readWeights(source, options.signal);
  throwIfCancelled(options.signal);
  const fingerprint = createHash("sha256").update(source.bytes).update(new Uint8Array(weights.data)).digest("hex");
  const model = source.format === "tfjs-layers" ? await loadLayers(source, weights) : await loadGraph(source, weights);
  const file = resolve(source.file);
  const name = basename(file) === "model.json" ? basename(dirname(file)) : basename(file, ".json");
  return {
    model,
    format: source.format,
    name,
    summary: summarize(model, weights.data.byteLength),
    fingerprint,
    files: [file, ...weights.files],
  };
}

function summarize(model: DifferentiableModel, weightBytes: number): ModelSummary {
  const operations: Record<string, number> = {};
  for (const { op } of model.nodes) operations[op] = (operations[op] ?? 0) + 1;
  const layerCount = new Set(model.nodes.map((node) => node.layer ?? node.id)).size;
  return { layerCount, parameterCount: model.parameterCount, weightBytes, operations };
}
