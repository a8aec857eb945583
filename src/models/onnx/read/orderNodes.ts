import { modelInvalid } from "../../disk/modelErrors.ts";
import type { OnnxNode } from "../onnxGraph.ts";

/** The nodes in an order in which each comes after what it reads. Throws `model-invalid` for a circle. */
export function orderNodes(file: string, nodes: readonly OnnxNode[], given: ReadonlySet<string>): OnnxNode[] {
  const makers = new Map<string, OnnxNode>();
  for (const node of nodes) for (const output of node.outputs) if (output !== "") makers.set(output, node);
  const order: OnnxNode[] = [];
  const state = new Map<OnnxNode, "open" | "done">();
  for (const root of nodes) {
    const stack = [root];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (state.get(top) !== undefined) {
        stack.pop();
        if (state.get(top) === "open") order.push(top);
        state.set(top, "done");
        continue;
      }
      state.set(top, "open");
      for (const input of [...top.inputs, ...top.captures]) {
        const maker = given.has(input) ? undefined : makers.get(input);
        if (maker === undefined || state.get(maker) === "done") continue;
        if (state.get(maker) === "open") throw circle(file, maker);
        stack.push(maker);
      }
    }
  }
  return order;
}

function circle(file: string, { name, op }: OnnxNode) {
  return modelInvalid(
    file,
    "The ONNX graph runs in a circle.",
    "a graph without cycles",
    `${op} ${name}, which needs its own output`,
    "Export the model again.",
  );
}
