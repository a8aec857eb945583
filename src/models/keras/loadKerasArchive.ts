import { createHash } from "node:crypto";
import { guardedModel } from "../layers/guardedModel.ts";
import type { LayersDifferentiableModel } from "../layers/layersDifferentiableModel.ts";
import type { ReadModel } from "../loadModel.ts";
import { buildModel } from "./build/buildModel.ts";
import { parseModel } from "./config/parseModel.ts";
import { Hdf5Reader } from "./hdf5/hdf5Reader.ts";
import { readKerasArchive } from "./readKerasArchive.ts";
import { readWholeFile } from "./readWholeFile.ts";
import { assignArchiveWeights } from "./weights/archiveWeights.ts";
import { StoredWeights } from "./weights/storedWeights.ts";

/** A `.keras` archive: the configuration, a note on versions, and the weights. */
export async function loadKerasArchive(file: string, signal: AbortSignal | undefined): Promise<ReadModel> {
  const bytes = await readWholeFile(file, signal);
  const fingerprint = createHash("sha256").update(bytes).digest("hex");
  const reader = new Hdf5Reader();
  try {
    const model = await kerasArchiveModel(file, bytes, reader, signal);
    return { model, format: "keras", fingerprint, weightBytes: bytes.byteLength, files: [file] };
  } finally {
    await reader.dispose();
  }
}

/** The model in the bytes of an archive. */
export async function kerasArchiveModel(
  file: string,
  bytes: Uint8Array,
  reader: Hdf5Reader,
  signal: AbortSignal | undefined,
): Promise<LayersDifferentiableModel> {
  const { config, generation, contents } = await readKerasArchive(file, bytes, reader, signal);
  const weights = new StoredWeights(file, contents);
  return guardedModel(file, () => {
    const node = parseModel(file, config, generation);
    const { model, store } = buildModel(node, weights.mostValues);
    assignArchiveWeights(store, weights);
    return model;
  });
}
