import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { temporaryFolder } from "./modelFiles.ts";

/** Gives a model random weights (variances positive) and saves it; returns the folder. */
export async function saveLayers(model: LayersModel, seed = 7): Promise<string> {
  for (const [index, weight] of model.weights.entries()) {
    const positive = weight.originalName.includes("variance");
    const values = tf.tidy(() => {
      const random = tf.randomNormal(
        weight.shape.map((size) => size ?? 1),
        0,
        0.5,
        "float32",
        seed + index,
      );
      return positive ? tf.add(tf.abs(random), 0.2) : random;
    });
    weight.write(values);
    values.dispose();
  }
  return saveWeights(model);
}

/** Saves a model with the weights that it has; returns the folder. */
export async function saveWeights(model: LayersModel): Promise<string> {
  const folder = temporaryFolder();
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      const weightsManifest = [{ paths: ["weights.bin"], weights: weightSpecs }];
      writeFileSync(
        join(folder, "model.json"),
        JSON.stringify({ format: "layers-model", modelTopology, weightsManifest }),
      );
      const parts = Array.isArray(weightData) ? weightData : [weightData ?? new ArrayBuffer(0)];
      writeFileSync(join(folder, "weights.bin"), Buffer.concat(parts.map((part) => new Uint8Array(part))));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    }),
  );
  return folder;
}
