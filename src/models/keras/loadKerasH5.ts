import { createHash } from "node:crypto";
import { modelInvalid } from "../disk/modelErrors.ts";
import { guardedModel } from "../layers/guardedModel.ts";
import type { LayersDifferentiableModel } from "../layers/layersDifferentiableModel.ts";
import type { ReadModel } from "../loadModel.ts";
import { buildModel } from "./build/buildModel.ts";
import type { KerasGeneration } from "./config/layerNode.ts";
import { parseModel } from "./config/parseModel.ts";
import { Hdf5Reader } from "./hdf5/hdf5Reader.ts";
import { parseJson } from "./parseJson.ts";
import { readWholeFile } from "./readWholeFile.ts";
import { assignH5Weights, textList } from "./weights/h5Weights.ts";
import { StoredWeights } from "./weights/storedWeights.ts";

const wanted = ["model_config", "keras_version", "layer_names", "weight_names"];

/** A whole model as Keras 2, tf_keras and Keras 3 write it with `model.save("….h5")`. */
export async function loadKerasH5(file: string, signal: AbortSignal | undefined): Promise<ReadModel> {
  const bytes = await readWholeFile(file, signal);
  const fingerprint = createHash("sha256").update(bytes).digest("hex");
  const { byteLength } = bytes;
  const reader = new Hdf5Reader();
  try {
    const model = await kerasH5Model(file, bytes, reader, signal);
    return { model, format: "keras-h5", fingerprint, weightBytes: byteLength, files: [file] };
  } finally {
    await reader.dispose();
  }
}

/** The model in the bytes of a file, which are given away. */
export async function kerasH5Model(
  file: string,
  bytes: Uint8Array,
  reader: Hdf5Reader,
  signal: AbortSignal | undefined,
): Promise<LayersDifferentiableModel> {
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
  const generation: KerasGeneration = typeof version === "string" && version.startsWith("3") ? 3 : 2;
  const weights = new StoredWeights(file, contents);
  return guardedModel(file, () => {
    const node = parseModel(file, parseJson(file, "model_config", config), generation);
    const { model, store, layerNames } = buildModel(node, weights.mostValues);
    const saved = new Set(textList(contents.attributes.get("/model_weights"), "layer_names"));
    const missing = layerNames.find((name) => !saved.has(name));
    if (missing !== undefined) {
      throw modelInvalid(
        file,
        `The weights of the layer ${missing} are missing.`,
        "a group of weights for each layer",
        `${saved.size} groups without ${missing}`,
        "Save the whole model again.",
      );
    }
    assignH5Weights(store, weights, contents, layerNames);
    return model;
  });
}
