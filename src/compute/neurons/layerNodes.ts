import { PathlightError } from "../../common/errors.ts";
import type { NodeActivation } from "../../engine/neurons/openLayer.ts";
import type { DifferentiableModel, NodeId } from "../../engine/port.ts";
import type { ModelFormat } from "../../protocol/manifest.ts";
import type { NeuronNode } from "../../protocol/neurons.ts";
import { withoutWindows } from "../windows/windowLayout.ts";
import { neuronAxis } from "./neuronAxis.ts";

/** Nodes of a layer as the protocol has them. Throws `usage` for an axis that a node does not have. */
export function neuronNodes(
  activations: readonly NodeActivation[],
  model: DifferentiableModel,
  format: ModelFormat,
  wanted: number | undefined,
): NeuronNode[] {
  // Of a text in windows a neuron is the same in each, and is counted once.
  const inner = withoutWindows(model);
  const before = inner === model ? 0 : 1;
  const usual = (id: NodeId, shape: readonly number[]): number =>
    before + neuronAxis(format, inner.nodes, id, shape.slice(before));
  let offset = 0;
  return activations.map(({ spec, shape }): NeuronNode => {
    const axis = wanted ?? usual(spec.id, shape);
    if (axis > Math.max(0, shape.length - 1)) throw noAxis(spec.id, shape, axis);
    // A node of one number a sample is one neuron.
    const sides = shape.length === 0 ? [1] : [...shape];
    const count = sides[axis] ?? 1;
    const node = { id: spec.id, op: spec.op, shape: sides, axis, offset, count };
    offset += count;
    return node;
  });
}

/** Node and index in it of a neuron that is counted over the whole layer. */
export function neuronAt(nodes: readonly NeuronNode[], neuron: number): { node: NodeId; neuron: number } {
  const node = nodes.findLast(({ offset }) => offset <= neuron);
  return { node: node?.id ?? "", neuron: neuron - (node?.offset ?? 0) };
}

function noAxis(id: NodeId, shape: readonly number[], axis: number): PathlightError {
  return new PathlightError("usage", `The layer ${id} has no axis ${axis}.`, {
    expected: `an axis from 0 to ${Math.max(0, shape.length - 1)} of [${shape.join(", ")}]`,
    found: String(axis),
    whatToDo: "Count the axes from 0, without that of the batch.",
  });
}
