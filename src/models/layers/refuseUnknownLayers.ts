import { serialization } from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../common/errors.ts";
import { isRecord } from "../disk/readModelJson.ts";

/** Layer classes that tfjs has and that cannot be explained, with the reason. */
const unusable: Readonly<Record<string, string>> = {
  RandomWidth: "It draws another width at every evaluation, so that there is no one score to explain.",
};

/**
 * Throws `model-unknown-op` for the first layer class that tfjs does not have, or that cannot be used, with its name and
 * place in the model.
 */
export function refuseUnknownLayers(file: string, topology: Record<string, unknown>): void {
  const root = isRecord(topology["model_config"]) ? topology["model_config"] : topology;
  visit(file, root, undefined);
}

/** `outer` is the path of what the layer stands in; the model itself stands in nothing and is not named. */
function visit(file: string, layer: Record<string, unknown>, outer: readonly string[] | undefined): void {
  const className = layer["class_name"];
  const config = layer["config"];
  const inner = isRecord(config) ? config["layers"] : config;
  const name = isRecord(config) && typeof config["name"] === "string" ? config["name"] : undefined;
  const path = [...(outer ?? []), name ?? String(className)];
  const here = outer === undefined ? [] : path;
  if (typeof className === "string") {
    if (!isKnown(className)) throw unknown(file, className, path);
    const reason = unusable[className];
    if (reason !== undefined) throw unusableLayer(file, className, path, reason);
  }
  if (Array.isArray(inner)) for (const each of inner) if (isRecord(each)) visit(file, each, here);
  if (!isRecord(config)) return;
  const cells: unknown[] = Array.isArray(config["cells"]) ? config["cells"] : [];
  for (const each of [config["layer"], config["cell"], ...cells]) if (isRecord(each)) visit(file, each, here);
}

/** Whether a class can be part of a model that is built. */
export function isSupportedLayer(className: string): boolean {
  return isKnown(className) && unusable[className] === undefined;
}

function isKnown(className: string): boolean {
  const [layerClass] = serialization.SerializationMap.getMap().classNameMap[className] ?? [];
  return layerClass !== undefined && layerClass.prototype instanceof layers.Layer;
}

function unknown(file: string, className: string, path: readonly string[]): PathlightError {
  return new PathlightError("model-unknown-op", `The layer class ${className} is unknown.`, {
    file,
    expected: "layers that TensorFlow.js has",
    found: `${className} at ${path.join("/")}`,
    whatToDo: "Convert the model to a tfjs graph model, which carries the layer's operations instead of its class.",
  });
}

function unusableLayer(file: string, className: string, path: readonly string[], reason: string): PathlightError {
  return new PathlightError("model-unknown-op", `The layer class ${className} cannot be used. ${reason}`, {
    file,
    expected: "layers that give one value for one input",
    found: `${className} at ${path.join("/")}`,
    whatToDo: "Export the model for inference, without this layer.",
  });
}
