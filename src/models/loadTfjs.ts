import { createHash } from "node:crypto";
import { throwIfCancelled } from "../common/cancellation.ts";
import { readModelJson } from "./disk/readModelJson.ts";
import { readWeights } from "./disk/readWeights.ts";
import { loadGraph } from "./graph/loadGraph.ts";
import { loadLayers } from "./layers/loadLayers.ts";
import type { ReadModel } from "./loadModel.ts";

/** A tfjs layers or graph model: `model.json` and the weight files that it names. */
export async function loadTfjs(file: string, signal: AbortSignal | undefined): Promise<ReadModel> {
  const source = await readModelJson(file);
  throwIfCancelled(signal);
  const weights = await readWeights(source, signal);
  throwIfCancelled(signal);
  const { format } = source;
  return {
    model: format === "tfjs-layers" ? await loadLayers(source, weights) : await loadGraph(source, weights),
    format,
    fingerprint: createHash("sha256").update(source.bytes).update(new Uint8Array(weights.data)).digest("hex"),
    weightBytes: weights.data.byteLength,
    files: [file, ...weights.files],
  };
}
