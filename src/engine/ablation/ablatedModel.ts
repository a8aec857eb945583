import { type Tensor, tensor, tidy, where } from "@tensorflow/tfjs-core";
import { PathlightError } from "../../common/errors.ts";
import type { DifferentiableModel, EmbeddingSpec, NodeId, NodeSpec, OutputHead } from "../port.ts";

/** What a node puts out in place of some of its values. */
export interface AblatedNode {
  readonly id: NodeId;
  /** Without the batch axis. */
  readonly shape: readonly number[];
  /** One entry a value, in the order of the node: 1 where it is switched off. */
  readonly off: Uint8Array;
  /** What stands there instead, one entry a value. */
  readonly value: Float32Array;
}

/**
 * A model in which values of some nodes are replaced by constants, for every row alike: each such node is computed,
 * changed, cut and fed again. What passes beside it goes on as before, so that the node need be no cut. Differentiable as
 * the model itself; through what is switched off no gradient passes. A node that is fed is changed as if it had been
 * computed. The model stays its owner's.
 */
export class AblatedModel implements DifferentiableModel {
  readonly inner: DifferentiableModel;
  readonly inputs: readonly NodeSpec[];
  readonly outputs: readonly NodeSpec[];
  readonly nodes: readonly NodeSpec[];
  readonly heads: readonly OutputHead[];
  readonly embeddings: readonly EmbeddingSpec[];
  readonly parameterCount: number;
  readonly #ablated: readonly AblatedNode[];
  readonly #specs: ReadonlyMap<NodeId, NodeSpec>;

  /** `ablated`: a node once each, with shapes as the feeds give them. Throws `model-node-unknown`. */
  constructor(inner: DifferentiableModel, ablated: readonly AblatedNode[]) {
    this.inner = inner;
    ({
      inputs: this.inputs,
      outputs: this.outputs,
      nodes: this.nodes,
      heads: this.heads,
      embeddings: this.embeddings,
      parameterCount: this.parameterCount,
    } = inner);
    const place = new Map(inner.nodes.map(({ id }, at) => [id, at]));
    this.#specs = new Map(inner.nodes.map((spec) => [spec.id, spec]));
    const missing = ablated.find(({ id }) => !place.has(id));
    if (missing !== undefined) {
      throw new PathlightError("model-node-unknown", `The model has no node ${JSON.stringify(missing.id)}.`, {
        expected: "one of the model's nodes (pathlight inspect lists them)",
        found: JSON.stringify(missing.id),
      });
    }
    this.#ablated = ablated
      .map((node) => ({ ...node, id: this.#resolve(node.id) }))
      .sort((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0));
  }

  /** Whether a value of these nodes depends on what is switched off. Undefined inputs count as all nodes before. */
  reaches(fetches: readonly NodeId[], fed: ReadonlySet<NodeId> = new Set()): boolean {
    return this.#between(fetches, fed).length > 0;
  }

  evaluate(feeds: ReadonlyMap<NodeId, Tensor>, fetches: readonly NodeId[]): Tensor[] {
    return tidy(() => this.inner.evaluate(this.#changed(feeds, fetches), fetches));
  }

  async firstNonFiniteNode(feeds: ReadonlyMap<NodeId, Tensor>): Promise<NodeId | null> {
    const outputs = this.outputs.map(({ id }) => id);
    let given: Map<NodeId, Tensor> = new Map(feeds);
    const own: Tensor[] = [];
    try {
      for (const { id } of this.#between(outputs, new Set(feeds.keys()))) {
        // Up to this node and with it, what is switched off left out.
        given = new Map(given);
        const [value] = this.evaluate(given, [id]);
        if (value === undefined) continue;
        own.push(value);
        const values = await value.data();
        if (!values.every(Number.isFinite)) return (await this.inner.firstNonFiniteNode(given)) ?? id;
        given.set(id, value);
      }
      return await this.inner.firstNonFiniteNode(given);
    } finally {
      for (const value of own) value.dispose();
    }
  }

  /** Nothing: the model has an owner. */
  dispose(): void {}

  /** The node that another name stands for: what a model within the model puts out. */
  #resolve(id: NodeId): NodeId {
    const spec = this.#specs.get(id);
    const [only, ...others] = spec?.inputs ?? [];
    return spec?.op === "Model" && only !== undefined && others.length === 0 ? this.#resolve(only) : id;
  }

  /** The feeds, with a changed value for every ablated node that the fetches read. */
  #changed(feeds: ReadonlyMap<NodeId, Tensor>, fetches: readonly NodeId[]): Map<NodeId, Tensor> {
    const given = new Map(feeds);
    for (const node of this.#between(fetches, new Set(feeds.keys()))) {
      const value = given.get(node.id) ?? this.inner.evaluate(given, [node.id])[0];
      if (value !== undefined) given.set(node.id, changed(value, node));
    }
    return given;
  }

  /** Ablated nodes on the way from the feeds to the fetches, in the order in which they are computed. */
  #between(fetches: readonly NodeId[], fed: ReadonlySet<NodeId>): AblatedNode[] {
    const reached = new Set<NodeId>();
    const pending = [...fetches];
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
      if (reached.has(id)) continue;
      reached.add(id);
      if (fed.has(id)) continue;
      const spec = this.#specs.get(id);
      // Where the format does not say what a node reads, it may read any.
      if (spec !== undefined && spec.inputs === undefined) return [...this.#ablated];
      pending.push(...(spec?.inputs ?? []));
    }
    return this.#ablated.filter(({ id }) => reached.has(id));
  }
}

/** A value of [rows, ...shape] with constants where the node is switched off. What is not finite there is gone too. */
function changed(value: Tensor, { id, shape, off, value: constant }: AblatedNode): Tensor {
  if (value.shape.slice(1).join() !== shape.join()) {
    throw new PathlightError("model-unsupported-shape", `The node ${id} has another shape here than at the sample.`, {
      expected: `[${shape.join(", ")}]`,
      found: `[${value.shape.slice(1).join(", ")}]`,
    });
  }
  const one = [1, ...shape];
  return where(tensor(off, one, "bool"), tensor(constant, one, "float32"), value);
}
