import type { NodeId, OutputHead } from "../../engine/port.ts";
import { activationOf, layerField } from "./layerFields.ts";
import type { LayerGraph, Step } from "./layerSteps.ts";

/** For every output, its final softmax or sigmoid and the node before it. Layers that only change the shape are passed. */
export function findHeads(graph: LayerGraph): OutputHead[] {
  const producers = new Map<NodeId, Step>();
  for (const step of graph.steps) for (const spec of step.outputs) producers.set(spec.id, step);
  return graph.outputs.map((output) => {
    for (let id: NodeId | undefined = output; id !== undefined; ) {
      const step = producers.get(id);
      const from: NodeId | undefined = step?.inputs[0];
      if (step === undefined || from === undefined) break;
      const activation = finalActivation(step);
      if (activation !== undefined) return { output, activation, logit: from };
      if (!passesValues(step)) break;
      id = from;
    }
    return { output, activation: "none", logit: output };
  });
}

function finalActivation(step: Step): "softmax" | "sigmoid" | undefined {
  const name = step.layer.getClassName();
  if (step.activation !== undefined) return named(step.activation.getClassName());
  if (name === "Activation") return named(activationOf(step.layer)?.getClassName());
  if (name !== "Softmax") return undefined;
  const axis = layerField(step.layer, "axis");
  const rank = step.outputs[0]?.shape.length ?? 0;
  return axis === undefined || axis === -1 || axis === rank - 1 ? "softmax" : undefined;
}

function named(activation: string | undefined): "softmax" | "sigmoid" | undefined {
  return activation === "softmax" || activation === "sigmoid" ? activation : undefined;
}

const shapeOnly: ReadonlySet<string> = new Set([
  "Reshape",
  "Flatten",
  "Identity",
  "Dropout",
  "AlphaDropout",
  "GaussianNoise",
  "GaussianDropout",
  "ActivityRegularization",
  "Cast",
  "Squeeze",
  "ExpandDims",
]);

function passesValues(step: Step): boolean {
  const name = step.layer.getClassName();
  return shapeOnly.has(name) || (name === "Activation" && activationOf(step.layer)?.getClassName() === "linear");
}
