import * as tfl from "@tensorflow/tfjs-layers";
import type { NodeId, NodeSpec } from "../../engine/port.ts";
import { unsupportedShape } from "../disk/modelErrors.ts";
import { type Activation, activationOf, type Layer, wrappedLayer } from "./layerFields.ts";

type SymbolicTensor = tfl.SymbolicTensor;

/** One thing to do: apply a layer, or the activation that was split off it. */
export interface Step {
  readonly kind: "input" | "layer" | "activation";
  readonly layer: Layer;
  readonly activation?: Activation | undefined;
  readonly inputs: readonly NodeId[];
  readonly outputs: readonly NodeSpec[];
}

export interface LayerGraph {
  /** In topological order. */
  readonly steps: readonly Step[];
  readonly inputs: readonly NodeId[];
  readonly outputs: readonly NodeId[];
  /** A nested model's own name for what one of its inner layers puts out. */
  readonly aliases: ReadonlyMap<NodeId, NodeId>;
}

/**
 * Flattens a model, nested models included, to steps. A layer's output has the layer's name as id, with `:k` where it
 * has several outputs, `@n` from the second use of a shared layer on, and `outer/` before it inside a nested model. A
 * layer with an activation gives two nodes: `name:pre` before and `name` after it.
 */
export function layerGraph(model: tfl.LayersModel): LayerGraph {
  const flattener = new Flattener();
  const outputs = flattener.container(model, "", undefined);
  return { steps: flattener.steps, inputs: flattener.inputs, outputs, aliases: flattener.aliases };
}

export function isLayer(value: unknown): value is Layer {
  return value instanceof tfl.layers.Layer;
}

class Flattener {
  readonly steps: Step[] = [];
  readonly inputs: NodeId[] = [];
  readonly aliases = new Map<NodeId, NodeId>();
  readonly #counted = new Set<number>();

  /** Adds the steps of a container; `fed` are the values that its inputs take in an outer model. */
  container(model: tfl.LayersModel, prefix: string, fed: readonly NodeId[] | undefined): NodeId[] {
    const order = topologicalOrder(model.outputs);
    const uses = usesOfLayers(order);
    const values = new Map<SymbolicTensor, NodeId>();
    const done = new Set<string>();
    // Inputs first and in the model's own order, also such as nothing depends on.
    model.inputs.forEach((input, index) => {
      const from = fed?.[index];
      values.set(input, from ?? this.#input(input, prefix + input.sourceLayer.name));
    });
    for (const symbol of order) {
      const layer = symbol.sourceLayer;
      const key = `${layer.id}:${symbol.nodeIndex}`;
      if (values.has(symbol) || done.has(key)) continue;
      done.add(key);
      const use = uses.get(layer.id)?.indexOf(symbol.nodeIndex) ?? 0;
      const id = prefix + layer.name + (use > 0 ? `@${use + 1}` : "");
      const inputs = symbol.inputs.map((input) => values.get(input) ?? "");
      const siblings = layer.inboundNodes[symbol.nodeIndex]?.outputTensors ?? [symbol];
      const ids =
        layer instanceof tfl.LayersModel ? this.#nested(layer, id, inputs) : this.#layer(layer, id, inputs, siblings);
      siblings.forEach((sibling, index) => {
        values.set(sibling, ids[index] ?? id);
      });
    }
    return model.outputs.map((output) => values.get(output) ?? "");
  }

  #input(symbol: SymbolicTensor, id: NodeId): NodeId {
    const spec: NodeSpec = {
      id,
      op: "InputLayer",
      shape: symbol.shape,
      dtype: symbol.dtype,
      layer: symbol.sourceLayer.name,
    };
    this.steps.push({ kind: "input", layer: symbol.sourceLayer, inputs: [], outputs: [spec] });
    this.inputs.push(id);
    return id;
  }

  #nested(layer: tfl.LayersModel, id: NodeId, inputs: readonly NodeId[]): NodeId[] {
    const outputs = this.container(layer, `${id}/`, inputs);
    outputs.forEach((output, index) => {
      const alias = outputs.length > 1 ? `${id}:${index}` : id;
      if (alias !== output) this.aliases.set(alias, output);
    });
    return outputs;
  }

  #layer(layer: Layer, id: NodeId, inputs: readonly NodeId[], symbols: readonly SymbolicTensor[]): NodeId[] {
    const op = layer.getClassName();
    const parameters = this.#parameters(layer);
    const specs = symbols.map((symbol, index): NodeSpec => {
      if (symbol.shape === undefined || symbol.shape === null) {
        throw unsupportedShape(`The layer ${id} has no known shape.`, "a shape", "none", "Build the model first.");
      }
      return {
        id: symbols.length > 1 ? `${id}:${index}` : id,
        op,
        shape: symbol.shape,
        dtype: symbol.dtype,
        layer: layer.name,
        ...(index === 0 && parameters > 0 ? { parameters } : {}),
      };
    });
    const [spec] = specs;
    const activation = specs.length === 1 ? splitActivation(layer) : undefined;
    if (activation === undefined || spec === undefined) {
      this.steps.push({ kind: "layer", layer, inputs, outputs: specs });
    } else {
      const pre: NodeSpec = { ...spec, id: `${id}:pre` };
      this.steps.push({ kind: "layer", layer, inputs, outputs: [pre] });
      const { parameters: _before, ...rest } = spec;
      const post: NodeSpec = { ...rest, op: activation.getClassName() };
      this.steps.push({ kind: "activation", layer, activation, inputs: [pre.id], outputs: [post] });
    }
    return specs.map((each) => each.id);
  }

  /** Weights of a layer, at its first use: those of a shared one are there once. */
  #parameters(layer: Layer): number {
    if (this.#counted.has(layer.id)) return 0;
    this.#counted.add(layer.id);
    return layer.countParams();
  }
}

const splittable: ReadonlySet<string> = new Set([
  "Dense",
  "Conv1D",
  "Conv2D",
  "Conv3D",
  "Conv2DTranspose",
  "Conv3DTranspose",
  "DepthwiseConv2D",
  "SeparableConv2D",
  "Conv1DTranspose",
  "DepthwiseConv1D",
  "SeparableConv1D",
  "EinsumDense",
]);

const split = new WeakMap<Layer, Activation>();

/**
 * Takes the activation off a layer, so that it can be applied as a step of its own: the layer keeps a linear one. Inside
 * TimeDistributed too, since every activation works on the last axis or on single values.
 */
function splitActivation(layer: Layer): Activation | undefined {
  const holder = layer.getClassName() === "TimeDistributed" ? wrappedLayer(layer, isLayer) : layer;
  if (holder === undefined || !splittable.has(holder.getClassName())) return undefined;
  const known = split.get(holder);
  if (known !== undefined) return known;
  const activation = activationOf(holder);
  if (activation === undefined || activation.getClassName() === "linear") return undefined;
  Reflect.set(holder, "activation", linear);
  split.set(holder, activation);
  return activation;
}

const linear = activationOf(tfl.layers.activation({ activation: "linear" }));

/** Every symbolic tensor that the outputs depend on, each after those it depends on. */
function topologicalOrder(outputs: readonly SymbolicTensor[]): SymbolicTensor[] {
  const order: SymbolicTensor[] = [];
  const seen = new Set<SymbolicTensor>();
  const stack = [...outputs].reverse().map((symbol) => ({ symbol, ready: false }));
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.ready) {
      order.push(top.symbol);
      continue;
    }
    if (seen.has(top.symbol)) continue;
    seen.add(top.symbol);
    stack.push({ symbol: top.symbol, ready: true });
    for (const input of [...top.symbol.inputs].reverse()) {
      if (!seen.has(input)) stack.push({ symbol: input, ready: false });
    }
  }
  return order;
}

/** For each layer, which of its calls this container makes, in the order they were written. */
function usesOfLayers(order: readonly SymbolicTensor[]): Map<number, number[]> {
  const uses = new Map<number, Set<number>>();
  for (const { sourceLayer, nodeIndex } of order) {
    const calls = uses.get(sourceLayer.id) ?? new Set<number>();
    uses.set(sourceLayer.id, calls.add(nodeIndex));
  }
  return new Map([...uses].map(([id, calls]) => [id, [...calls].sort((a, b) => a - b)]));
}
