import { serialization } from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../common/errors.ts";
import { isRecord } from "../disk/readModelJson.ts";

/** Throws `model-unknown-op` for the first layer class that tfjs does not have, with its name and place in the model. */
export function refuseUnknownLayers(file: string, topology: Record<string, unknown>): void {
  const root = isRecord(topology["model_config"]) ? topology["model_config"] : topology;
  visit(file, root, []);
}

function visit(file: string, layer: Record<string, unknown>, path: readonly string[]): void {
  const className = layer["class_name"];
  const config = layer["config"];
  const inner = isRecord(config) ? config["layers"] : config;
  const name = isRecord(config) && typeof config["name"] === "string" ? config["name"] : undefined;
  const here = path.length === 0 && Array.isArray(inner) ? [] : [...path, name ?? String(className)];
  if (typeof className === "string" && !isKnown(className))
    throw unknown(file, className, [...path, name ?? className]);
  if (Array.isArray(inner)) for (const each of inner) if (isRecord(each)) visit(file, each, here);
  if (isRecord(config) && isRecord(config["layer"])) visit(file, config["layer"], here);
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
