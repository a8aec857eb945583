import type { Tensor } from "@tensorflow/tfjs-core";
import { PathlightError } from "../../common/errors.ts";
import type { DifferentiableModel, EmbeddingSpec, NodeId, NodeSpec, OutputHead } from "../../engine/port.ts";
import { type ModelNodes, renamedNodes } from "../renamed.ts";

/** The two readings of a model. */
export const sides = ["a", "b"] as const;
export type Side = (typeof sides)[number];

/**
 * One encoder that reads two samples, as two models side by side: every node stands in it twice, `a/NODE` and `b/NODE`.
 * Each side is evaluated by itself, where something of it is asked for. The encoder stays its owner's.
 */
export class TwinModel implements DifferentiableModel {
  readonly inner: DifferentiableModel;
  readonly inputs: readonly NodeSpec[];
  readonly outputs: readonly NodeSpec[];
  readonly nodes: readonly NodeSpec[];
  readonly heads: readonly OutputHead[];
  readonly embeddings: readonly EmbeddingSpec[];

  constructor(inner: DifferentiableModel) {
    this.inner = inner;
    const [a, b] = sides.map((side) => renamedNodes(inner, (id) => onSide(side, id))) as [ModelNodes, ModelNodes];
    this.inputs = [...a.inputs, ...b.inputs];
    this.outputs = [...a.outputs, ...b.outputs];
    this.nodes = [...a.nodes, ...b.nodes];
    this.heads = [...a.heads, ...b.heads];
    this.embeddings = [...a.embeddings, ...b.embeddings];
  }

  get parameterCount(): number {
    return this.inner.parameterCount;
  }

  evaluate(feeds: ReadonlyMap<NodeId, Tensor>, fetches: readonly NodeId[]): Tensor[] {
    const found = new Map<NodeId, Tensor>();
    for (const side of sides) {
      const wanted = fetches.filter((id) => sideOf(id) === side);
      if (wanted.length === 0) continue;
      const outputs = this.inner.evaluate(feedsOf(side, feeds), wanted.map(withoutSide));
      for (const [k, id] of wanted.entries()) found.set(id, outputs[k] as Tensor);
    }
    return fetches.map((id) => {
      const output = found.get(id);
      if (output !== undefined) return output;
      throw new PathlightError("model-node-unknown", `The model has no node ${JSON.stringify(id)}.`, {
        expected: `a node of the one text or the other, such as ${this.outputs.map((each) => each.id).join(", ")}`,
        found: JSON.stringify(id),
      });
    });
  }

  async firstNonFiniteNode(feeds: ReadonlyMap<NodeId, Tensor>): Promise<NodeId | null> {
    for (const side of sides) {
      const node = await this.inner.firstNonFiniteNode(feedsOf(side, feeds));
      if (node !== null) return onSide(side, node);
    }
    return null;
  }

  /** Nothing: the encoder has an owner. */
  dispose(): void {}
}

export function onSide(side: Side, id: NodeId): NodeId {
  return `${side}/${id}`;
}

export function sideOf(id: NodeId): Side | null {
  return sides.find((side) => id.startsWith(`${side}/`)) ?? null;
}

/** The node of the encoder. */
export function withoutSide(id: NodeId): NodeId {
  return sideOf(id) === null ? id : id.slice(2);
}

function feedsOf(side: Side, feeds: ReadonlyMap<NodeId, Tensor>): Map<NodeId, Tensor> {
  const own = [...feeds].filter(([id]) => sideOf(id) === side);
  return new Map(own.map(([id, feed]) => [withoutSide(id), feed]));
}

const twins = new WeakMap<DifferentiableModel, TwinModel>();

/** The same twins for the same encoder. */
export function twinOf(model: DifferentiableModel): TwinModel {
  const known = twins.get(model) ?? new TwinModel(model);
  twins.set(model, known);
  return known;
}
