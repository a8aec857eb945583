import type { OutputHead } from "../../engine/port.ts";
import type { OnnxGraph, OnnxNode } from "./onnxGraph.ts";

/** Operators that hand values on in the same order. */
const passing: ReadonlySet<string> = new Set([
  "Identity",
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "Flatten",
  "Dropout",
  "Cast",
]);

/**
 * For every output, its final softmax or sigmoid, also behind operators that only change the shape, and the value before
 * it. A final log-softmax has its logits before it, and no probability. `rankOf`: rank of a value, where known.
 */
export function onnxHeads(graph: OnnxGraph, rankOf: (name: string) => number | undefined): OutputHead[] {
  const producers = producersOf(graph);
  return graph.outputs.map((output) => {
    for (let name = output; ; ) {
      const node = producers.get(name);
      const from = node?.inputs[0];
      if (node === undefined || from === undefined || from === "") break;
      if (node.op === "Sigmoid") return { output, activation: "sigmoid", logit: from };
      if (node.op === "Softmax" && overLastAxis(node, rankOf(from)))
        return { output, activation: "softmax", logit: from };
      if (node.op === "LogSoftmax" && overLastAxis(node, rankOf(from)))
        return { output, activation: "none", logit: from };
      const written = writtenOutSoftmax(node, producers);
      if (written !== undefined) return { output, activation: "softmax", logit: written };
      if (!passing.has(node.op)) break;
      name = from;
    }
    return { output, activation: "none", logit: output };
  });
}

function overLastAxis({ attributes, version }: OnnxNode, rank: number | undefined): boolean {
  const axis = attributes.number("axis", version < 13 ? 1 : -1);
  return axis === -1 || (rank !== undefined && axis === rank - 1);
}

/**
 * exp(a) / Σ exp(a), a the logits or the logits less their maximum, as exporters write it that have no softmax (JAX
 * among them). Returns the logits.
 */
function writtenOutSoftmax(node: OnnxNode, producers: ReadonlyMap<string, OnnxNode>): string | undefined {
  if (node.op !== "Div") return undefined;
  const [above = "", below = ""] = node.inputs;
  const exp = producers.get(above);
  const sum = behindShapes(below, producers);
  if (exp?.op !== "Exp" || sum?.op !== "ReduceSum" || sum.inputs[0] !== above) return undefined;
  const [exponent = ""] = exp.inputs;
  const shift = producers.get(exponent);
  const [logits = "", highest = ""] = shift?.op === "Sub" ? shift.inputs : [];
  const most = behindShapes(highest, producers);
  return most?.op === "ReduceMax" && most.inputs[0] === logits ? logits : exponent;
}

/** Up through what only changes the shape, and through a maximum with a constant (minus infinity). */
function behindShapes(name: string, producers: ReadonlyMap<string, OnnxNode>): OnnxNode | undefined {
  let node = producers.get(name);
  while (node !== undefined) {
    const made = node.inputs.filter((input) => producers.has(input));
    if (node.op === "Max" && made.length === 1) node = producers.get(made[0] ?? "");
    else if (passing.has(node.op) || node.op === "Expand") node = producers.get(node.inputs[0] ?? "");
    else return node;
  }
  return undefined;
}

export function producersOf(graph: OnnxGraph): Map<string, OnnxNode> {
  const producers = new Map<string, OnnxNode>();
  for (const node of graph.nodes) for (const output of node.outputs) producers.set(output, node);
  return producers;
}
