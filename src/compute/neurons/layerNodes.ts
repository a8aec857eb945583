import { PathlightError } from "../../common/errors.ts";
import type { NodeActivation } from "../../engine/neurons/openLayer.ts";
import type { NodeId, NodeSpec } from "../../engine/port.ts";
import type { ModelFormat } from "../../protocol/manifest.ts";
import type { NeuronNode } from "../../protocol/neurons.ts";
import { neuronAxis } from "./neuronAxis.ts";

/** Nodes of a layer as the protocol has them. Throws `usage` for an axis that a node does not have. */
export function neuronNodes(
  activations: readonly NodeActivation[],
  nodes: readonly NodeSpec[],
  format: ModelFormat,
  wanted: number | undefined,
): NeuronNode[] {
  let offset = 0;
  return activations.map(({ spec, shape }): NeuronNode => {
    const axis = wanted ?? neuronAxis(format, nodes, spec.id, shape);
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
