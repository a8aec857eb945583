import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../common/errors.ts";
import { modelInvalid } from "../disk/modelErrors.ts";
import { type Layer, wrappedLayer } from "./layerFields.ts";
import { isLayer } from "./layerSteps.ts";
import { LayersDifferentiableModel } from "./layersDifferentiableModel.ts";
import { repairLayerCall } from "./repairLayerCalls.ts";

/**
 * Takes a layers model that `build` makes, weights and all, and repairs what of it cannot be differentiated. After a
 * failure no tensor is left, and the error names the file.
 */
export async function guardedModel(
  file: string,
  build: () => tfl.LayersModel | Promise<tfl.LayersModel>,
): Promise<LayersDifferentiableModel> {
  const before = new Set(Object.keys(tf.engine().registeredVariables));
  try {
    const model = await build();
    for (const layer of allLayers(model)) repairLayerCall(layer);
    return new LayersDifferentiableModel(model);
  } catch (cause) {
    for (const [name, variable] of Object.entries(tf.engine().registeredVariables)) {
      if (!before.has(name)) variable.dispose();
    }
    if (cause instanceof PathlightError) {
      throw new PathlightError(cause.code, cause.message, { file, ...cause.details }, cause.cause);
    }
    throw modelInvalid(
      file,
      "The layers model cannot be built.",
      "a topology and weights that fit together",
      cause instanceof Error ? cause.message : String(cause),
      "Export the model again; custom layers and lambdas are not supported.",
      cause,
    );
  }
}

/** Every layer of a model, those of nested models and inside wrappers too. */
function* allLayers(model: tfl.LayersModel): Generator<Layer> {
  for (const layer of model.layers) {
    yield layer;
    if (layer instanceof tfl.LayersModel) yield* allLayers(layer);
    const inner = wrappedLayer(layer, isLayer);
    if (inner instanceof tfl.LayersModel) yield* allLayers(inner);
    if (inner !== undefined) yield inner;
  }
}
