import { createHash } from "node:crypto";
import { modelInvalid } from "../disk/modelErrors.ts";
import { guardedModel } from "../layers/guardedModel.ts";
import type { LayersDifferentiableModel } from "../layers/layersDifferentiableModel.ts";
import type { ReadModel } from "../loadModel.ts";
import { buildModel } from "./build/buildModel.ts";
import { parseModel } from "./config/parseModel.ts";
import { Hdf5Reader } from "./hdf5/hdf5Reader.ts";
import { readKerasH5 } from "./readKerasH5.ts";
import { readWholeFile } from "./readWholeFile.ts";
import { textList } from "./weights/h5Names.ts";
import { assignH5Weights } from "./weights/h5Weights.ts";
import { StoredWeights } from "./weights/storedWeights.ts";

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
  const { config, generation, contents } = await readKerasH5(file, bytes, reader, signal);
  const weights = new StoredWeights(file, contents);
  return guardedModel(file, () => {
    const node = parseModel(file, config, generation);
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
