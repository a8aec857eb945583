import type { DifferentiableModel, EmbeddingSpec, NodeId, NodeSpec, OutputHead } from "../engine/port.ts";

/** What a model says of its nodes. */
export type ModelNodes = Pick<DifferentiableModel, "inputs" | "outputs" | "nodes" | "heads" | "embeddings">;

/** The nodes of a model under other names, so that it can be part of another one. */
export function renamedNodes(model: ModelNodes, name: (id: NodeId) => NodeId): ModelNodes {
  const node = (spec: NodeSpec): NodeSpec => ({
    ...spec,
    id: name(spec.id),
    ...(spec.inputs === undefined ? {} : { inputs: spec.inputs.map(name) }),
  });
  const head = (spec: OutputHead): OutputHead => ({ ...spec, output: name(spec.output), logit: name(spec.logit) });
  return {
    inputs: model.inputs.map(node),
    outputs: model.outputs.map(node),
    nodes: model.nodes.map(node),
    heads: model.heads.map(head),
    embeddings: model.embeddings.map((spec) => renamedEmbedding(spec, name)),
  };
}

export function renamedEmbedding(spec: EmbeddingSpec, name: (id: NodeId) => NodeId): EmbeddingSpec {
  return { ...spec, input: name(spec.input), node: name(spec.node) };
}
