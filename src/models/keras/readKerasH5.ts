import { modelInvalid } from "../disk/modelErrors.ts";
import type { Hdf5Reader } from "./hdf5/hdf5Reader.ts";
import type { KerasFile } from "./kerasFile.ts";
import { parseJson } from "./parseJson.ts";

const wanted = ["model_config", "keras_version", "layer_names", "weight_names"];

/** What an `.h5` of a whole model holds; the bytes are given away. Errors: `model-invalid`. */
export async function readKerasH5(
  file: string,
  bytes: Uint8Array,
  reader: Hdf5Reader,
  signal: AbortSignal | undefined,
): Promise<KerasFile> {
  const contents = await reader.read(file, bytes, wanted, signal);
  const top = contents.attributes.get("/");
  const config = top?.get("model_config");
  if (typeof config !== "string") {
    throw modelInvalid(
      file,
      "The file holds no model.",
      "the attribute model_config of a whole model",
      contents.groups.length > 1 ? "weights alone, or another kind of HDF5 file" : "an HDF5 file without groups",
      'Save the whole model, with model.save("model.keras").',
    );
  }
  const version = top?.get("keras_version") ?? contents.attributes.get("/model_weights")?.get("keras_version");
  const generation = typeof version === "string" && version.startsWith("3") ? 3 : 2;
  return { config: parseJson(file, "model_config", config), generation, contents };
}
