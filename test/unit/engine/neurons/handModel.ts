import type { Tensor } from "@tensorflow/tfjs-core";
import type { DifferentiableModel, NodeId, NodeSpec } from "../../../../src/engine/port.ts";

export interface HandNode {
  readonly id: NodeId;
  readonly inputs: readonly NodeId[];
  /** Without the batch axis. */
  readonly shape: readonly number[];
  readonly compute?: (inputs: Tensor[]) => Tensor;
}

/** A model written by hand, node after node; one without `compute` is an input. The last is the output. */
export function handModel(nodes: readonly HandNode[]): DifferentiableModel {
  const specs = nodes.map(
    ({ id, inputs, shape, compute }): NodeSpec => ({
      ...{ id, inputs, op: compute === undefined ? "Input" : "Function" },
      ...{ shape: [null, ...shape], dtype: "float32" },
    }),
  );
  const output = specs.at(-1) as NodeSpec;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const evaluate = (feeds: ReadonlyMap<NodeId, Tensor>, fetches: readonly NodeId[]): Tensor[] => {
    const values = new Map(feeds);
    const value = (id: NodeId): Tensor => {
      const known = values.get(id);
      if (known !== undefined) return known;
      const node = byId.get(id);
      if (node?.compute === undefined) throw new Error(`${id} is not fed`);
      const made = node.compute(node.inputs.map(value));
      values.set(id, made);
      return made;
    };
    return fetches.map((id) => value(id).clone());
  };
  return {
    inputs: specs.filter(({ op }) => op === "Input"),
    outputs: [output],
    nodes: specs,
    heads: [{ output: output.id, activation: "none", logit: output.id }],
    embeddings: [],
    parameterCount: 0,
    evaluate,
    firstNonFiniteNode: async (feeds) => {
      for (const [k, value] of evaluate(
        feeds,
        nodes.map(({ id }) => id),
      ).entries()) {
        if (!(await value.data()).every(Number.isFinite)) return specs[k]?.id ?? null;
      }
      return null;
    },
    dispose: () => undefined,
  };
}
