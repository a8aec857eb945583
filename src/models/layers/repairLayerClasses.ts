import { serialization } from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";

/** Layers that write the shape of their output over the one of their input, which is then the model's. */
const overwriting = ["CenterCrop", "CategoryEncoding"];

let repaired = false;

/**
 * Puts right what keeps layers of tfjs from being built, for the whole process. Idempotent.
 * - CenterCrop and CategoryEncoding change the shape that they are handed.
 * - The activation `gelu_new` is looked up as `geluNew`, since names are turned into camel case, and not found.
 */
export function repairLayerClasses(): void {
  if (repaired) return;
  repaired = true;
  const { classNameMap } = serialization.SerializationMap.getMap();
  for (const name of overwriting) {
    const prototype: unknown = classNameMap[name]?.[0]?.prototype;
    if (prototype instanceof tfl.layers.Layer) copyShapes(prototype);
  }
  const gelu = classNameMap["gelu_new"];
  if (gelu !== undefined) classNameMap["geluNew"] ??= gelu;
}

function copyShapes(prototype: tfl.layers.Layer): void {
  const original = prototype.computeOutputShape;
  prototype.computeOutputShape = function (this: tfl.layers.Layer, shape) {
    return original.call(this, structuredClone(shape));
  };
}
