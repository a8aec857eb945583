import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { io } from "@tensorflow/tfjs-core";
import { type LayersModel, loadLayersModel } from "@tensorflow/tfjs-layers";

const WEIGHTS = "weights.bin";

/** Writes a tfjs layers model as `model.json` and one `weights.bin`; returns the bytes of the weights. */
export async function writeLayersModel(model: LayersModel, folder: string): Promise<number> {
  mkdirSync(folder, { recursive: true });
  let bytes = 0;
  const handler: io.IOHandler = {
    async save(artifacts) {
      const { modelTopology, weightSpecs, weightData, format, generatedBy, convertedBy } = artifacts;
      if (weightData === undefined || weightSpecs === undefined) throw new Error("The model has no weights to save.");
      const buffers = Array.isArray(weightData) ? weightData : [weightData];
      const weights = Buffer.concat(buffers.map((buffer) => new Uint8Array(buffer)));
      const weightsManifest = [{ paths: [WEIGHTS], weights: weightSpecs }];
      const json = { format, generatedBy, convertedBy, modelTopology, weightsManifest };
      writeFileSync(join(folder, "model.json"), `${JSON.stringify(json)}\n`);
      writeFileSync(join(folder, WEIGHTS), weights);
      bytes = weights.byteLength;
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
    },
  };
  await model.save(handler);
  return bytes;
}

/** Reads what `writeLayersModel` wrote, so that what is measured is what lies on the disk. */
export function readLayersModel(folder: string): Promise<LayersModel> {
  const url = pathToFileURL(join(folder, "model.json")).href;
  const fetchFunc = async (file: string | URL | Request) =>
    new Response(readFileSync(fileURLToPath(file instanceof Request ? file.url : file)));
  return loadLayersModel(io.http(url, { fetchFunc }));
}
