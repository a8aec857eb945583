/** A place in the graph of a Keras model: an output of the call `node` of a layer. */
export class TensorRef {
  readonly layer: string;
  readonly node: number;
  readonly tensor: number;

  constructor(layer: string, node: number, tensor: number) {
    this.layer = layer;
    this.node = node;
    this.tensor = tensor;
  }
}

/** One call of a layer. Arguments are constants of JSON, tensors, or lists and records of them. */
export interface LayerCall {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** Which Keras wrote a model: what some names mean has changed between them. */
export type KerasGeneration = 2 | 3;

/** A layer, an operation or a model inside a model, as its configuration describes it. */
export interface LayerNode {
  readonly className: string;
  readonly name: string;
  /** Where it is, for example `outer/inner/dense`. */
  readonly path: string;
  /** A function of `keras.ops` as a node of the graph, and not a layer of the same name. */
  readonly operation: boolean;
  /** Registered by its author, or from a module that is not Keras's: code that only its author has. */
  readonly custom: boolean;
  readonly config: Readonly<Record<string, unknown>>;
  readonly calls: readonly LayerCall[];
  readonly trainable: boolean;
  /** For Sequential and functional models. */
  readonly graph?: ModelGraph | undefined;
  /** The layers in the configuration of a wrapper: `layer`, `backward_layer`. */
  readonly wrapped: ReadonlyMap<string, LayerNode>;
  readonly generation: KerasGeneration;
}

export interface ModelGraph {
  readonly layers: readonly LayerNode[];
  /** Undefined for Sequential models: their layers are called one after the other. */
  readonly ends?: { readonly inputs: readonly TensorRef[]; readonly outputs: readonly TensorRef[] } | undefined;
  /** The shape that a Sequential model was built with, batch axis first, where it has no input layer. */
  readonly builtShape?: readonly (number | null)[] | undefined;
}
