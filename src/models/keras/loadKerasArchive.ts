import { createHash } from "node:crypto";
import { z } from "zod";
import { modelInvalid } from "../disk/modelErrors.ts";
import { guardedModel } from "../layers/guardedModel.ts";
import type { LayersDifferentiableModel } from "../layers/layersDifferentiableModel.ts";
import type { ReadModel } from "../loadModel.ts";
import { readArchive } from "./archive/readArchive.ts";
import { buildModel } from "./build/buildModel.ts";
import { parseModel } from "./config/parseModel.ts";
import { Hdf5Reader } from "./hdf5/hdf5Reader.ts";
import { parseJson } from "./parseJson.ts";
import { readWholeFile } from "./readWholeFile.ts";
import { assignArchiveWeights } from "./weights/archiveWeights.ts";
import { StoredWeights } from "./weights/storedWeights.ts";

const names = { config: "config.json", metadata: "metadata.json", weights: "model.weights.h5" };
const metadataSchema = z.looseObject({ keras_version: z.string() });
const megabyte = 2 ** 20;

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
  // Keras stores without compression; what others have packed is not a hundred times smaller either.
  const most = 64 * megabyte + 8 * bytes.byteLength;
  const limits = { [names.config]: 32 * megabyte, [names.metadata]: megabyte, [names.weights]: most };
  const entries = readArchive(file, bytes, new Map(Object.entries(limits)));
  const entry = (name: string): Uint8Array => {
    const found = entries.get(name);
    if (found !== undefined) return found;
    throw modelInvalid(
      file,
      `The archive has no ${name}.`,
      Object.values(names).join(", "),
      [...entries.keys()].join(", ") || "none of them",
      'Save the whole model with model.save("model.keras").',
    );
  };
  const json = parseJson(file, names.config, new TextDecoder().decode(entry(names.config)));
  const metadata = metadataSchema.safeParse(
    parseJson(file, names.metadata, new TextDecoder().decode(entry(names.metadata))),
  );
  if (!metadata.success) {
    throw modelInvalid(
      file,
      "metadata.json does not say which Keras wrote it.",
      "keras_version",
      "none",
      "Save the model again.",
    );
  }
  const contents = await reader.read(file, entry(names.weights), [], signal);
  const weights = new StoredWeights(file, contents);
  return guardedModel(file, () => {
    const node = parseModel(file, json, metadata.data.keras_version.startsWith("2") ? 2 : 3);
    const { model, store } = buildModel(node, weights.mostValues);
    assignArchiveWeights(store, weights);
    return model;
  });
}
