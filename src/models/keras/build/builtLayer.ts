import type * as tfl from "@tensorflow/tfjs-layers";
import type { Layer } from "../../layers/layerFields.ts";
import type { Initializer, LayerVariable } from "../../layers/own/ownLayer.ts";
import type { LayerNode } from "../config/layerNode.ts";

export type SymbolicTensor = tfl.SymbolicTensor;

/** Where the weights of a layer stand in a file. Variables exist once the layer has been called. */
export interface WeightStore {
  readonly className: string;
  readonly path: string;
  readonly trainable: boolean;
  /** The layer's own, in the order that Keras made them in, those that are trained first. */
  readonly variables: () => readonly LayerVariable[];
  /** Layers inside it, by the attribute that holds them; several names where versions of Keras differ. */
  readonly children: readonly { readonly names: readonly string[]; readonly store: WeightStore }[];
  /** The layers of a model, which Keras numbers by their classes. */
  readonly layers?: readonly WeightStore[] | undefined;
}

export interface BuiltLayer {
  readonly layer: Layer;
  readonly store: WeightStore;
}

export interface BuildContext {
  /** Starting values, refused where a weight would be larger than any in the file. */
  readonly initializer: Initializer;
  /** A layer inside a wrapper; `input` is the shape of what it is called with, batch axis first. */
  readonly inner: (node: LayerNode, input: (number | null)[]) => BuiltLayer;
}

/** Makes a layer from its configuration. Throws `model-unknown-op` for options that cannot be honoured. */
export type LayerBuilder = (
  node: LayerNode,
  inputs: readonly SymbolicTensor[],
  context: BuildContext,
) => Layer | BuiltLayer;

/** A store for a layer whose weights are its own. */
export function plainStore(node: LayerNode, layer: Layer): WeightStore {
  const variables = () => [
    ...layer.weights.filter((weight) => weight.trainable),
    ...layer.weights.filter((weight) => !weight.trainable),
  ];
  return { className: node.className, path: node.path, trainable: node.trainable, variables, children: [] };
}

/** A store for a part of a layer that Keras holds as a layer of its own. */
export function partStore(node: LayerNode, className: string, variables: () => readonly LayerVariable[]): WeightStore {
  return { className, path: node.path, trainable: node.trainable, variables, children: [] };
}
