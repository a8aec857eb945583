import type * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../../common/errors.ts";
import type { Initializer } from "../../layers/own/ownLayer.ts";
import { type LayerCall, type LayerNode, type ModelGraph, TensorRef } from "../config/layerNode.ts";
import { unsupported } from "../config/readConfig.ts";
import { storedLayers } from "../weights/storedLayers.ts";
import { type BuildContext, type BuiltLayer, plainStore, type SymbolicTensor, type WeightStore } from "./builtLayer.ts";
import { type CallTensors, callTensors } from "./callTensors.ts";
import { findOperation, isTensorFlowFunction } from "./findOperation.ts";
import { readInput, sequentialShape } from "./inputLayer.ts";
import { checkMasks, makeLayer, takeMasks } from "./makeLayer.ts";
import { isSymbol, OperationCall } from "./operationCall.ts";

export interface BuiltModel {
  readonly model: tfl.LayersModel;
  readonly store: WeightStore;
  /** Of the layers in `store`, in its order. */
  readonly layerNames: readonly string[];
}

/**
 * Builds a tfjs layers model from a Keras configuration, with zeros for weights; none may have more than `mostValues`
 * values. Errors: `model-unknown-op`, `model-invalid`, `model-unsupported-shape`.
 */
export function buildModel(node: LayerNode, mostValues: number): BuiltModel {
  const context: BuildContext = { initializer: boundedZeros(mostValues), inner };
  return new ModelBuilder(node, context).build(undefined);

  function inner(wrapped: LayerNode, input: (number | null)[]): BuiltLayer {
    const symbol = tfl.input({ shape: input.slice(1), name: `${wrapped.path}/step` });
    if (wrapped.graph !== undefined) {
      const { model, store } = new ModelBuilder(wrapped, context).build([symbol]);
      return { layer: model, store };
    }
    return makeLayer(wrapped, [symbol], context);
  }
}

/** A weight that the file cannot hold is refused before memory is taken for it. */
function boundedZeros(mostValues: number): Initializer {
  const zeros = tfl.initializers.zeros();
  const apply = zeros.apply.bind(zeros);
  Reflect.set(zeros, "apply", (shape: number[], dtype: tf.DataType) => {
    const size = shape.reduce((product, each) => product * each, 1);
    if (!(size <= mostValues)) {
      throw new PathlightError("model-invalid", "A layer needs a weight larger than any in the file.", {
        expected: `at most ${mostValues} values`,
        found: `[${shape.join(", ")}]`,
        whatToDo: "The configuration and the weights do not belong together: save the model again.",
      });
    }
    return apply(shape, dtype);
  });
  return zeros;
}

/** A model and the calls that have been made in it. */
class ModelBuilder {
  readonly #node: LayerNode;
  readonly #context: BuildContext;
  readonly #layers = new Map<string, LayerNode>();
  readonly #built = new Map<string, BuiltLayer>();
  /** Outputs of the calls of each layer, by layer and number of the call. */
  readonly #outputs = new Map<string, SymbolicTensor[][]>();

  constructor(node: LayerNode, context: BuildContext) {
    this.#node = node;
    this.#context = context;
    for (const layer of node.graph?.layers ?? []) this.#layers.set(layer.name, layer);
  }

  /** `given` are tensors of the outer model, for a model that does not say what it takes. */
  build(given: readonly SymbolicTensor[] | undefined): BuiltModel {
    const { graph } = this.#node;
    if (graph === undefined) throw unsupported(this.#node, "no layers");
    const { inputs, outputs } =
      graph.ends === undefined ? this.#sequential(graph, given) : this.#functional(graph.ends);
    const model = tfl.model({ inputs, outputs, name: this.#node.name });
    return { model, ...this.#store(graph) };
  }

  #functional(ends: NonNullable<ModelGraph["ends"]>): { inputs: SymbolicTensor[]; outputs: SymbolicTensor[] } {
    const inputs = ends.inputs.map((ref) => this.#inputOf(ref.layer));
    // As often as something could be done, since a shared layer may be called before and after another one.
    let pending = [...this.#layers.values()].flatMap((layer) => layer.calls.map((call) => ({ layer, call })));
    for (let before = Number.POSITIVE_INFINITY; pending.length > 0 && pending.length < before; ) {
      before = pending.length;
      const blocked = new Set<LayerNode>();
      pending = pending.filter(({ layer, call }) => {
        // Calls of a layer are numbered in their order.
        if (layer.className === "InputLayer") return false;
        if (blocked.has(layer) || !this.#ready(call)) {
          blocked.add(layer);
          return true;
        }
        this.#call(layer, call);
        return false;
      });
    }
    const [stuck] = pending;
    if (stuck !== undefined) throw this.#broken(`${stuck.layer.path} takes something that no layer gives`);
    const outputs = ends.outputs.map((ref) => this.#tensor(ref, true));
    return { inputs, outputs };
  }

  #sequential(
    graph: ModelGraph,
    given: readonly SymbolicTensor[] | undefined,
  ): { inputs: SymbolicTensor[]; outputs: SymbolicTensor[] } {
    const [first, ...others] = graph.layers;
    if (first === undefined) throw this.#broken("no layers");
    const hasInput = first.className === "InputLayer";
    const layers = hasInput ? others : graph.layers;
    const input = hasInput ? this.#inputOf(first.name) : this.#inputOfSequential(first, graph, given);
    let current = input;
    for (const layer of layers) {
      const [output, second] = this.#apply(layer, { tensors: [current], masks: { inputs: [], tensors: [] } });
      if (output === undefined || second !== undefined) throw this.#broken(`${layer.path} does not have one output`);
      current = output;
    }
    return { inputs: [input], outputs: [current] };
  }

  #inputOfSequential(
    first: LayerNode,
    graph: ModelGraph,
    given: readonly SymbolicTensor[] | undefined,
  ): SymbolicTensor {
    const shape = sequentialShape(first, graph) ?? given?.[0]?.shape;
    if (shape === undefined) {
      throw new PathlightError("model-unsupported-shape", "The model does not say which input it takes.", {
        expected: "an input shape in the first layer",
        found: `none at ${first.path}`,
        whatToDo: "Build the model with an input shape before saving it.",
      });
    }
    return tfl.input({ shape: shape.slice(1), name: `${first.name}_input` });
  }

  #inputOf(name: string): SymbolicTensor {
    const known = this.#outputs.get(name)?.[0]?.[0];
    if (known !== undefined) return known;
    const layer = this.#layers.get(name);
    const read = layer?.className === "InputLayer" ? readInput(layer) : { problem: "" };
    if (read.problem !== undefined) throw this.#broken(`${name} is not an input with a shape${read.problem}`);
    const symbol = tfl.input({ shape: read.shape.slice(1), name, dtype: read.dtype });
    this.#outputs.set(name, [[symbol]]);
    return symbol;
  }

  #ready(call: LayerCall): boolean {
    return references(call).every((ref) => this.#find(ref, false) !== undefined);
  }

  #call(layer: LayerNode, call: LayerCall): void {
    const list = this.#outputs.get(layer.name) ?? [];
    this.#outputs.set(layer.name, list);
    const { length } = list;
    // An operation is built with its arguments, so that each call is a layer.
    const name = length === 0 ? layer.name : `${layer.name}_call${length + 1}`;
    const operation = this.#operation(layer, call, name);
    list.push(
      operation ??
        this.#apply(
          layer,
          callTensors(layer, call, (ref) => this.#tensor(ref, false)),
        ),
    );
  }

  /** The outputs of an operation; undefined where the layer is none. */
  #operation(layer: LayerNode, call: LayerCall, name: string): SymbolicTensor[] | undefined {
    const found = findOperation(layer);
    if (found === undefined) return undefined;
    const resolve = (ref: TensorRef) => this.#tensor(ref, false);
    const bound = new OperationCall(layer, call, found, resolve);
    const made = found.definition.build(bound, name, found.operation);
    const [input] = bound.inputs;
    const output = made.apply(bound.inputs.length === 1 && input !== undefined ? input : bound.inputs);
    if (isTensorFlowFunction(layer)) this.#built.set(layer.name, { layer: made, store: plainStore(layer, made) });
    return [output].flat().filter(isSymbol);
  }

  #apply(layer: LayerNode, called: CallTensors): SymbolicTensor[] {
    const { tensors, masks } = called;
    let built = this.#built.get(layer.name);
    if (built === undefined) {
      if (layer.graph !== undefined) {
        const { model, store } = new ModelBuilder(layer, this.#context).build(tensors);
        built = { layer: model, store };
      } else built = makeLayer(layer, tensors, this.#context);
      takeMasks(built.layer, called);
      this.#built.set(layer.name, built);
    }
    checkMasks(layer, built.layer, called);
    const inputs = [...tensors, ...masks.tensors];
    const [input] = inputs;
    try {
      const output = built.layer.apply(inputs.length === 1 && input !== undefined ? input : [...inputs]);
      return [output].flat().filter(isSymbol);
    } catch (cause) {
      throw atLayer(cause, layer);
    }
  }

  #find(ref: TensorRef, end: boolean): SymbolicTensor | undefined {
    const layer = this.#layers.get(ref.layer);
    if (layer?.className === "InputLayer") return this.#inputOf(ref.layer);
    const calls = this.#outputs.get(ref.layer);
    return calls?.[ref.node - (layer === undefined ? 0 : skippedCalls(layer, end))]?.[ref.tensor];
  }

  #tensor(ref: TensorRef, end: boolean): SymbolicTensor {
    const found = this.#find(ref, end);
    if (found === undefined) throw this.#broken(`no output ${ref.tensor} of call ${ref.node} of ${ref.layer}`);
    return found;
  }

  #store(graph: ModelGraph): Pick<BuiltModel, "store" | "layerNames"> {
    const stores: WeightStore[] = [];
    const layerNames: string[] = [];
    for (const layer of storedLayers(graph)) {
      const built = this.#built.get(layer.name);
      layerNames.push(layer.name);
      stores.push(
        built?.store ?? {
          className: layer.className,
          path: layer.path,
          trainable: layer.trainable,
          variables: () => [],
          children: [],
        },
      );
    }
    const { className, path, trainable } = this.#node;
    return { store: { className, path, trainable, variables: () => [], children: [], layers: stores }, layerNames };
  }

  #broken(found: string): PathlightError {
    return new PathlightError("model-invalid", "The graph of the model does not hold together.", {
      expected: "layers that are called on inputs and on each other's outputs",
      found: `${found.slice(0, 300)} in ${this.#node.path}`,
      whatToDo: "Save the model again.",
    });
  }
}

/** A model inside a model has a call of its own, the one it was made by, that counts or does not: see `get_config` of Functional. */
function skippedCalls(layer: LayerNode, end: boolean): number {
  if (layer.graph === undefined) return 0;
  if (layer.generation === 3) return end && layer.graph.ends !== undefined ? 1 : 0;
  const [first] = layer.graph.layers;
  const hasInput =
    layer.graph.ends !== undefined ||
    first?.className === "InputLayer" ||
    first?.config["batch_input_shape"] !== undefined;
  return hasInput ? 1 : 0;
}

function references(call: LayerCall): TensorRef[] {
  const found: TensorRef[] = [];
  const pending: unknown[] = [...call.args, ...Object.values(call.kwargs)];
  for (let value = pending.pop(); value !== undefined || pending.length > 0; value = pending.pop()) {
    if (value instanceof TensorRef) found.push(value);
    else if (Array.isArray(value)) pending.push(...(value as unknown[]));
    else if (typeof value === "object" && value !== null) pending.push(...Object.values(value));
  }
  return found;
}

function atLayer(cause: unknown, layer: LayerNode): PathlightError {
  if (cause instanceof PathlightError && cause.message.includes(layer.path)) return cause;
  const details = cause instanceof PathlightError ? cause.details : {};
  const found = details.found ?? (cause instanceof Error ? cause.message : String(cause));
  return new PathlightError(
    cause instanceof PathlightError ? cause.code : "model-invalid",
    `The layer ${layer.path} (${layer.className}) does not fit what it is called on.`,
    {
      expected: "a configuration that holds together",
      whatToDo: "Save the model again.",
      ...details,
      found: found.slice(0, 300),
    },
    cause,
  );
}
