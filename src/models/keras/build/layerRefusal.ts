import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../../common/errors.ts";
import type { LayerNode } from "../config/layerNode.ts";
import type { BuildContext, SymbolicTensor } from "./builtLayer.ts";
import { callTensors } from "./callTensors.ts";
import { findOperation } from "./findOperation.ts";
import { readInput } from "./inputLayer.ts";
import { checkMasks, makeLayer, takeMasks } from "./makeLayer.ts";
import { OperationCall } from "./operationCall.ts";

/**
 * Why building a model would refuse this layer, asked of what builds it, for the layer alone: what it is called on has no
 * shape here, so that what only a shape would tell is not found. Undefined for a layer that is not refused, and for a
 * model, whose layers are asked themselves. `sequential`: it is called on the output of the one before.
 */
export function layerRefusal(node: LayerNode, sequential: boolean): PathlightError | undefined {
  if (node.graph !== undefined) return undefined;
  try {
    tf.tidy(() => {
      make(node, sequential);
    });
    return undefined;
  } catch (error) {
    if (error instanceof ShapeUnknown) return undefined;
    // What is malformed, and not unknown, is for loading to say.
    return error instanceof PathlightError && error.code === "model-unknown-op" ? error : undefined;
  }
}

/** As far as it goes without shapes; nothing is applied, so that no weight is made. */
function make(node: LayerNode, sequential: boolean): void {
  if (node.className === "InputLayer") {
    readInput(node);
    return;
  }
  const found = findOperation(node);
  if (found !== undefined) {
    for (const call of node.calls) {
      found.definition.build(new OperationCall(node, call, found, shapeless), node.name, found.operation);
    }
    return;
  }
  if (sequential) {
    makeLayer(node, [shapeless()], context);
    return;
  }
  const calls = node.calls.map((call) => callTensors(node, call, shapeless));
  const [first] = calls;
  // A layer that is never called is never built.
  if (first === undefined) return;
  const { layer } = makeLayer(node, first.tensors, context);
  takeMasks(layer, first);
  for (const call of calls) checkMasks(node, layer, call);
}

/** Ends an attempt where it would need what is not known. */
class ShapeUnknown extends Error {}

const context: BuildContext = {
  initializer: tfl.initializers.zeros(),
  // The layer inside is asked by itself.
  inner: () => {
    throw new ShapeUnknown();
  },
};

function shapeless(): SymbolicTensor {
  const symbol = tfl.input({ shape: [1] });
  Object.defineProperty(symbol, "shape", {
    get: () => {
      throw new ShapeUnknown();
    },
  });
  return symbol;
}
