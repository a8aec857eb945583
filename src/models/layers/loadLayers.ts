import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../common/errors.ts";
import type { ModelJson } from "../disk/readModelJson.ts";
import type { Weights } from "../disk/readWeights.ts";
import { completeTopology } from "./completeTopology.ts";
import { guardedModel } from "./guardedModel.ts";
import type { LayersDifferentiableModel } from "./layersDifferentiableModel.ts";
import { refuseUnknownLayers } from "./refuseUnknownLayers.ts";
import { repairLayerClasses } from "./repairLayerClasses.ts";

/** Builds a layers model and loads its weights. After a failure no tensor is left. */
export async function loadLayers(source: ModelJson, weights: Weights): Promise<LayersDifferentiableModel> {
  repairLayerClasses();
  refuseUnknownLayers(source.file, source.topology);
  return guardedModel(source.file, async () => {
    const model = await build(source, weights).catch((cause: unknown) => {
      throw cause instanceof Error && openSize.test(cause.message) ? openShape(source, cause) : cause;
    });
    const tensors = tf.io.decodeWeights(weights.data, weights.specs);
    try {
      model.loadWeights(tensors, true);
    } finally {
      tf.dispose(tensors);
    }
    return model;
  });
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
