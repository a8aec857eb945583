import type { EmbeddingSpec, NodeId } from "../../engine/port.ts";
import type { LayerGraph, Step } from "./layerSteps.ts";

/** Every embedding layer that reads a model input, be it through layers that only change the shape. */
export function findEmbeddings(graph: LayerGraph): EmbeddingSpec[] {
  const producers = new Map<NodeId, Step>();
  for (const step of graph.steps) for (const spec of step.outputs) producers.set(spec.id, step);
  const found: EmbeddingSpec[] = [];
  for (const step of graph.steps) {
    if (step.layer.getClassName() !== "Embedding") continue;
    const { inputDim, outputDim } = step.layer.getConfig();
    const input = sourceInput(step.inputs[0], producers);
    const node = step.outputs[0]?.id;
    if (input === undefined || node === undefined || typeof inputDim !== "number" || typeof outputDim !== "number")
      continue;
    found.push({ input, node, vocabularySize: inputDim, dimensions: outputDim });
  }
  return found;
}

function sourceInput(from: NodeId | undefined, producers: ReadonlyMap<NodeId, Step>): NodeId | undefined {
  for (let id = from; id !== undefined; ) {
    const step = producers.get(id);
    if (step?.kind === "input") return id;
    if (step === undefined || !["Reshape", "Flatten"].includes(step.layer.getClassName())) return undefined;
    id = step.inputs[0];
  }
  return undefined;
}
