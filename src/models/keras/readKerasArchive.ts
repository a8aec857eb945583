import { z } from "zod";
import { modelInvalid } from "../disk/modelErrors.ts";
import { readArchive } from "./archive/readArchive.ts";
import type { Hdf5Reader } from "./hdf5/hdf5Reader.ts";
import type { KerasFile } from "./kerasFile.ts";
import { parseJson } from "./parseJson.ts";

const names = { config: "config.json", metadata: "metadata.json", weights: "model.weights.h5" };
const metadataSchema = z.looseObject({ keras_version: z.string() });
const megabyte = 2 ** 20;

/** What a `.keras` archive holds: the configuration, a note on versions, and the weights. Errors: `model-invalid`. */
export async function readKerasArchive(
  file: string,
  bytes: Uint8Array,
  reader: Hdf5Reader,
  signal: AbortSignal | undefined,
): Promise<KerasFile> {
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
  const config = parseJson(file, names.config, new TextDecoder().decode(entry(names.config)));
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
  return { config, generation: metadata.data.keras_version.startsWith("2") ? 2 : 3, contents };
}
