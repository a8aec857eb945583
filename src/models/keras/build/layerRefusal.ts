import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../../common/errors.ts";
import type { LayerNode } from "../config/layerNode.ts";
import type { BuildContext, SymbolicTensor } from "./builtLayer.ts";
import { callTensors } from "./callTensors.ts";
import { findOperation } from "./findOperation.ts";
import { readInput } from "./inputLayer.ts";
import { findBuilder } from "./layerBuilders.ts";
import { checkMasks, makeLayer, takeMasks } from "./makeLayer.ts";
import { OperationCall } from "./operationCall.ts";

export interface LayerRefusal {
  /** What of the layer is not supported, an option or a sentence; undefined where it is the class or function itself. */
  readonly reason: string | undefined;
}

/**
 * Why building a model would refuse this layer, asked of what builds it, for the layer alone: what it is called on has no
 * shape here, so that what only a shape would tell is not found. Undefined for a layer that is not refused, and for a
 * model, whose layers are asked themselves. `sequential`: it is called on the output of the one before.
 */
export function layerRefusal(node: LayerNode, sequential: boolean): LayerRefusal | undefined {
  if (node.graph !== undefined) return undefined;
  try {
    tf.tidy(() => {
      make(node, sequential);
    });
    return undefined;
  } catch (error) {
    if (error instanceof ShapeUnknown) return undefined;
    // What is malformed, and not unknown, is for loading to say.
    if (!(error instanceof PathlightError) || error.code !== "model-unknown-op") return undefined;
    return { reason: isNamesake(node) ? namesake : isKnown(node) ? reasonOf(error, node) : undefined };
  }
}

const namesake = "code that only its author has, called like a layer of Keras";

function isNamesake(node: LayerNode): boolean {
  return node.custom && !node.operation && findBuilder({ ...node, custom: false }) !== undefined;
}

/** Whether the class or function as such is one that Pathlight has. */
function isKnown(node: LayerNode): boolean {
  if (node.className === "InputLayer" || (!node.operation && findBuilder(node) !== undefined)) return true;
  try {
    return findOperation(node) !== undefined;
  } catch {
    // It throws for unknown functions, and for nothing else.
    return false;
  }
}

/** What was found there, without the place; where that is only the class again, the message says what it is about. */
function reasonOf({ message, details: { found = "" } }: PathlightError, { className, path }: LayerNode): string {
  const what = found.replace(` at ${path}`, "");
  return what === "" || what === className ? message : what;
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
