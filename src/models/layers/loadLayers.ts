import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../common/errors.ts";
import { modelInvalid } from "../disk/modelErrors.ts";
import type { ModelJson } from "../disk/readModelJson.ts";
import type { Weights } from "../disk/readWeights.ts";
import { completeTopology } from "./completeTopology.ts";
import { type Layer, wrappedLayer } from "./layerFields.ts";
import { isLayer } from "./layerSteps.ts";
import { LayersDifferentiableModel } from "./layersDifferentiableModel.ts";
import { refuseUnknownLayers } from "./refuseUnknownLayers.ts";
import { repairLayerCall } from "./repairLayerCalls.ts";
import { repairLayerClasses } from "./repairLayerClasses.ts";

/** Builds a layers model and loads its weights. After a failure no tensor is left. */
export async function loadLayers(source: ModelJson, weights: Weights): Promise<LayersDifferentiableModel> {
  repairLayerClasses();
  refuseUnknownLayers(source.file, source.topology);
  const before = new Set(Object.keys(tf.engine().registeredVariables));
  try {
    const model = await build(source, weights);
    const tensors = tf.io.decodeWeights(weights.data, weights.specs);
    try {
      model.loadWeights(tensors, true);
    } finally {
      tf.dispose(tensors);
    }
    for (const layer of allLayers(model)) repairLayerCall(layer);
    return new LayersDifferentiableModel(model);
  } catch (cause) {
    for (const [name, variable] of Object.entries(tf.engine().registeredVariables)) {
      if (!before.has(name)) variable.dispose();
    }
    if (cause instanceof PathlightError) throw cause;
    if (cause instanceof Error && openSize.test(cause.message)) throw openShape(source, cause);
    throw modelInvalid(
      source.file,
      "The layers model cannot be built.",
      "a topology and weights that fit together",
      cause instanceof Error ? cause.message : String(cause),
      "Export the model again; custom layers and lambdas are not supported.",
      cause,
    );
  }
}

/** Frees what a layer has made and nobody holds when it cannot be built. Variables, which are all that layers keep, stay. */
async function inScope<T>(work: () => Promise<T>): Promise<T> {
  tf.engine().startScope("layers model");
  try {
    return await work();
  } finally {
    tf.engine().endScope();
  }
}

/** What tfjs says when a weight has no size because an input has none. */
const openSize =
  /shape comprised of positive integers|axis of .* should be defined|last dimension .* should be defined/i;

function openShape(source: ModelJson, cause: Error): PathlightError {
  const text = JSON.stringify(source.topology);
  const shape = /"(?:batch_input_shape|batchInputShape|batch_shape)":(\[[^\]]*\])/.exec(text)?.[1];
  return new PathlightError(
    "model-unsupported-shape",
    "The input shape leaves a size open that the weights depend on.",
    {
      file: source.file,
      expected: "an input shape in which only the batch, and sizes that no weight depends on, are open",
      found: shape === undefined ? cause.message : `the shape ${shape.replaceAll("null", "any")}`,
      whatToDo: "Build the model with a fixed input shape before saving it.",
    },
    cause,
  );
}

async function build(source: ModelJson, weights: Weights): Promise<tfl.LayersModel> {
  const modelTopology = completeTopology(source.topology, weights.specs);
  const model = await inScope(() => tfl.loadLayersModel({ load: async () => ({ modelTopology }) }));
  if (model.inputs === undefined || model.inputs.length === 0) {
    throw new PathlightError("model-unsupported-shape", "The model does not say which input it takes.", {
      file: source.file,
      expected: "an input shape in the first layer",
      found: "none",
      whatToDo: "Build the model with an input shape before saving it.",
    });
  }
  return model;
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
