import { type LayerCall, type LayerNode, TensorRef } from "../config/layerNode.ts";
import { unsupported } from "../config/readConfig.ts";
import type { SymbolicTensor } from "./builtLayer.ts";

/** Tensors that layers take by name, in the order in which the layer takes them here. */
const named: Readonly<Record<string, readonly string[]>> = {
  MultiHeadAttention: ["query", "value", "key"],
  SimpleRNN: ["sequence", "initial_state"],
  LSTM: ["sequence", "initial_state"],
  GRU: ["sequence", "initial_state"],
  Bidirectional: ["sequences", "initial_state"],
};

/** Masks that Keras 3 writes into the graph, and the input that each belongs to. */
const maskNames: Readonly<Record<string, number>> = { mask: 0, query_mask: 0, value_mask: 1, key_mask: 2 };

/** Layers that take a mask and have no use for it in inference. */
const maskBlind: ReadonlySet<string> = new Set(["BatchNormalization", "TimeDistributed"]);

export interface CallTensors {
  readonly tensors: readonly SymbolicTensor[];
  /** Masks in the order of `inputs`, the places of the tensors that they belong to. */
  readonly masks: { readonly inputs: readonly number[]; readonly tensors: readonly SymbolicTensor[] };
}

/** Options of a call that change nothing where they are off, and those that a layer's builder reads itself. */
const harmless: ReadonlySet<string> = new Set(["name"]);
const read: ReadonlySet<string> = new Set(["use_causal_mask"]);

/** The tensors that a layer is called on. Throws `model-unknown-op` for arguments that cannot be honoured. */
export function callTensors(
  node: LayerNode,
  call: LayerCall,
  resolve: (ref: TensorRef) => SymbolicTensor,
): CallTensors {
  const parameters = named[node.className] ?? ["inputs"];
  const values = new Map<string, unknown>();
  const maskInputs: number[] = [];
  const maskTensors: SymbolicTensor[] = [];
  call.args.forEach((value, index) => {
    const name = parameters[index];
    // A model may be called with its inputs one by one.
    if (name === undefined && value !== null) throw unsupported(node, `${call.args.length} arguments in its call`);
    if (name !== undefined) values.set(name, value);
  });
  for (const [name, value] of Object.entries(call.kwargs)) {
    if (parameters.includes(name) || (name === "inputs" && parameters.length === 1)) values.set(name, value);
    else if (name in maskNames) {
      if (maskBlind.has(node.className)) continue;
      // Attention takes a list, of which some may be null.
      [value].flat().forEach((mask: unknown, index) => {
        if (!(mask instanceof TensorRef)) return;
        maskInputs.push(Array.isArray(value) ? index : (maskNames[name] ?? 0));
        maskTensors.push(resolve(mask));
      });
    } else if (name === "training" && node.generation === 3) {
      // Keras 3 overrides it by that of the model: inference.
    } else if (!harmless.has(name) && !read.has(name) && value !== null && value !== false) {
      throw unsupported(node, `${name} in its call`);
    }
  }
  const tensors = parameters.flatMap((name) => flatten(node, values.get(name)));
  if (tensors.length === 0) throw unsupported(node, "no tensor in its call");
  return { tensors: tensors.map(resolve), masks: { inputs: maskInputs, tensors: maskTensors } };
}

/** Tensors of a nested argument, in order; records in the order of their keys. */
function flatten(node: LayerNode, value: unknown): TensorRef[] {
  if (value === undefined || value === null) return [];
  if (value instanceof TensorRef) return [value];
  if (Array.isArray(value)) return value.flatMap((each: unknown) => flatten(node, each));
  if (typeof value === "object") return Object.values(value).flatMap((each) => flatten(node, each));
  throw unsupported(node, `${JSON.stringify(value)} in its call`);
}
