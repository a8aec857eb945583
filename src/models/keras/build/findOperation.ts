import type { LayerNode } from "../config/layerNode.ts";
import { unknownLayer } from "../config/readConfig.ts";
import { type OperationDefinition, operations } from "./operations.ts";
import { tensorFlowFunction } from "./tensorFlowOperations.ts";

/** What a node of the graph that is a function, and no layer, computes. */
export interface FoundOperation {
  readonly definition: OperationDefinition;
  readonly operation: string;
  /** What it was made with, by the names of its parameters. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of parameters, where the file has others. */
  readonly rename: Readonly<Record<string, string>>;
}

/** The operation of Keras 3, or function of TensorFlow, that a node is; undefined where it is a layer. Throws `model-unknown-op`. */
export function findOperation(node: LayerNode): FoundOperation | undefined {
  const lambda = isTensorFlowFunction(node);
  if (!lambda && !node.operation) return undefined;
  const known = lambda ? tensorFlowFunction(node) : { operation: node.className, rename: {}, defaults: undefined };
  const definition =
    known !== undefined && Object.hasOwn(operations, known.operation) ? operations[known.operation] : undefined;
  if (known === undefined || definition === undefined) {
    const what = lambda ? `The function ${String(node.config["function"])}` : `The operation ${node.className}`;
    throw unknownLayer(node, what);
  }
  const config = lambda ? (known.defaults ?? {}) : node.config;
  return { definition, operation: known.operation, config, rename: known.rename };
}

/** How Keras 2 writes down a function of TensorFlow that was called on its tensors. */
export function isTensorFlowFunction({ className }: LayerNode): boolean {
  return className === "TFOpLambda" || className === "SlicingOpLambda";
}
