import type { Layer } from "../../layers/layerFields.ts";
import { OwnLayer } from "../../layers/own/ownLayer.ts";
import type { LayerNode } from "../config/layerNode.ts";
import { unknownLayer, unsupported } from "../config/readConfig.ts";
import { type BuildContext, type BuiltLayer, plainStore, type SymbolicTensor } from "./builtLayer.ts";
import type { CallTensors } from "./callTensors.ts";
import { findBuilder } from "./layerBuilders.ts";

/** A layer of Keras that has not been called yet. Throws `model-unknown-op` for what is not known or cannot be honoured. */
export function makeLayer(node: LayerNode, inputs: readonly SymbolicTensor[], context: BuildContext): BuiltLayer {
  const builder = node.operation ? undefined : findBuilder(node);
  if (builder === undefined) throw unknownLayer(node);
  const made = builder(node, inputs, context);
  const built = "store" in made ? made : { layer: made, store: plainStore(node, made) };
  if (!(built.layer instanceof OwnLayer)) limitMask(built.layer);
  return built;
}

/** Tells a layer, before its first call, which of its inputs come with masks of their own. */
export function takeMasks(layer: Layer, { masks }: CallTensors): void {
  if (layer instanceof OwnLayer) layer.explicitMasks = masks.inputs;
}

/** Throws `model-unknown-op` for a call with other masks than the layer has been told of, or can take. */
export function checkMasks(node: LayerNode, layer: Layer, { masks }: CallTensors): void {
  const taken = layer instanceof OwnLayer ? layer.explicitMasks : [];
  if (taken.join() !== masks.inputs.join())
    throw unsupported(node, "a mask in one call and not in another, or of no use here");
}

/** tfjs's layers that Keras lets masks pass through; all others end them. What makes masks knows so itself. */
const handOn: ReadonlySet<string> = new Set([
  "Dense",
  "Activation",
  "BatchNormalization",
  "PReLU",
  "Embedding",
  "Masking",
]);

function limitMask(layer: Layer): void {
  const name = layer.getClassName();
  if (name === "Embedding" || name === "Masking") return;
  layer.supportsMasking = handOn.has(name);
}
