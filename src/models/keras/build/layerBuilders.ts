import type { LayerNode } from "../config/layerNode.ts";
import type { LayerBuilder } from "./builtLayer.ts";
import { convolutionLayers } from "./convolutionLayers.ts";
import { coreLayers } from "./coreLayers.ts";
import { mergeLayers } from "./mergeLayers.ts";
import { normalizationLayers } from "./normalizationLayers.ts";
import { sequenceLayers } from "./sequenceLayers.ts";
import { spatialLayers } from "./spatialLayers.ts";

const builders: Readonly<Record<string, LayerBuilder>> = {
  ...coreLayers,
  ...convolutionLayers,
  ...mergeLayers,
  ...normalizationLayers,
  ...sequenceLayers,
  ...spatialLayers,
};

/** Old names of classes, which files of old versions hold. */
const aliases: Readonly<Record<string, string>> = {
  Convolution1D: "Conv1D",
  Convolution2D: "Conv2D",
  Convolution3D: "Conv3D",
  BatchNormalizationV1: "BatchNormalization",
  BatchNormalizationV2: "BatchNormalization",
  SyncBatchNormalization: "BatchNormalization",
};

/**
 * What makes a layer of a class of Keras. A class that was registered under another name, or comes from another module,
 * is custom code even where it is called like one of Keras.
 */
export function findBuilder(node: LayerNode): LayerBuilder | undefined {
  if (node.custom) return undefined;
  const name = Object.hasOwn(aliases, node.className) ? (aliases[node.className] ?? "") : node.className;
  return Object.hasOwn(builders, name) ? builders[name] : undefined;
}
