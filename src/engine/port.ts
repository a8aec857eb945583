import type { DataType, Tensor } from "@tensorflow/tfjs-core";

export type NodeId = string;

/** A place in a model that can be read, and fed. `shape` has the batch axis first, as null. */
export interface NodeSpec {
  readonly id: NodeId;
  /** Op or layer class, for example `Conv2D`, `Relu`. */
  readonly op: string;
  readonly shape: readonly (number | null)[];
  readonly dtype: DataType;
  /** Layer that the node belongs to, where the format has layers. */
  readonly layer?: string | undefined;
  /**
   * The nodes that it is computed from, weights and constants left out; none for an input. Undefined where the format
   * does not say: the audit then cannot tell this operation from those before it.
   */
  readonly inputs?: readonly NodeId[] | undefined;
  /** Trained values that this node reads, counted once where several nodes share them; absent: none. */
  readonly parameters?: number | undefined;
}

/** What stands at the end of an output: the final activation and the node before it. */
export interface OutputHead {
  readonly output: NodeId;
  /** `none`: the output is a logit (or a regression value) itself. */
  readonly activation: "softmax" | "sigmoid" | "none";
  /** Node that holds the logits; equals `output` when the activation is `none`. */
  readonly logit: NodeId;
}

/** An integer input and the node that holds its embedding, [batch, positions, dimensions]. */
export interface EmbeddingSpec {
  readonly input: NodeId;
  readonly node: NodeId;
  /** Rows of the embedding matrix; ids must be below. */
  readonly vocabularySize: number;
  readonly dimensions: number;
}

/**
 * The one port that every method stands on. All of Integrated Gradients, layer attribution, conductance, ablation and
 * audit are feeds and fetches.
 *
 * `evaluate` is differentiable with respect to every float feed (inside `tf.grad` and friends) and synchronous; feeding
 * an inner node cuts the graph above it, so that inputs that only reach the fetches through it need not be fed. Tensors
 * have the batch axis; rows of a batch do not influence each other. Fetched tensors belong to the caller. Throws
 * `model-node-unknown` for an unknown node and `model-unsupported-shape` when other feeds are needed, naming them.
 */
export interface DifferentiableModel {
  readonly inputs: readonly NodeSpec[];
  readonly outputs: readonly NodeSpec[];
  /** Every node that a user can look into, in topological order. */
  readonly nodes: readonly NodeSpec[];
  readonly heads: readonly OutputHead[];
  readonly embeddings: readonly EmbeddingSpec[];
  readonly parameterCount: number;
  evaluate(feeds: ReadonlyMap<NodeId, Tensor>, fetches: readonly NodeId[]): Tensor[];
  /**
   * Evaluates with plain forward passes and names the first node, in topological order, whose value is not finite;
   * null when all are. Slow: for error messages only.
   */
  firstNonFiniteNode(feeds: ReadonlyMap<NodeId, Tensor>): Promise<NodeId | null>;
  dispose(): void;
}
