import type { NodeId, OutputHead } from "../../engine/port.ts";
import type { GraphIndex } from "./graphIndex.ts";

/** Ops that hand values on in the same order. */
const passing: ReadonlySet<string> = new Set([
  "Identity",
  "Reshape",
  "Squeeze",
  "ExpandDims",
  "StopGradient",
  "Snapshot",
]);

/** For every output, its final softmax or sigmoid, also behind ops that only change the shape, and the node before it. */
export function graphHeads(graph: GraphIndex, outputs: readonly NodeId[]): OutputHead[] {
  return outputs.map((output) => {
    for (let id: NodeId | undefined = output; id !== undefined; ) {
      const node = graph.node(id);
      const from: NodeId | undefined = node === undefined ? undefined : graph.inputIds(node)[0];
      if (node === undefined || from === undefined) break;
      if (node.op === "Softmax") return { output, activation: "softmax", logit: from };
      if (node.op === "Sigmoid") return { output, activation: "sigmoid", logit: from };
      if (!passing.has(node.op)) break;
      id = from;
    }
    return { output, activation: "none", logit: output };
  });
}
