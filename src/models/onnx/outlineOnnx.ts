import type { ModelOutline, OutlineNode } from "../modelOutline.ts";
import type { OnnxGraph, OnnxNode } from "./onnxGraph.ts";
import { unsupportedNodes } from "./operators.ts";
import { readOnnx } from "./read/readOnnx.ts";

/** The graph as the file has it, by the names of its values; its weights are read, none of it is computed. */
export async function outlineOnnx(file: string, signal: AbortSignal | undefined): Promise<ModelOutline> {
  const { graph, files } = await readOnnx(file, signal);
  const unsupported = new Set(unsupportedNodes(graph));
  const inputs = graph.inputs.map(
    ({ name, shape, dtype }): OutlineNode => ({
      id: name,
      op: "Input",
      shape: shape?.map((side) => (typeof side === "number" ? side : null)) ?? null,
      dtype,
      supported: true,
    }),
  );
  const counted = new Set<string>();
  const nodes = graph.nodes.map((node): OutlineNode => {
    const parameters = parametersOf(node, graph, counted);
    return {
      id: node.outputs.find((name) => name !== "") ?? node.name,
      op: node.op,
      shape: null,
      dtype: null,
      ...(parameters > 0 ? { parameters } : {}),
      // A branch or a loop is as good as what is in it.
      supported: !unsupported.has(node) && node.attributes.graphs().flatMap(unsupportedNodes).length === 0,
    };
  });
  const all = [...inputs, ...nodes];
  return {
    format: "onnx",
    inputs,
    outputs: graph.outputs.map(
      (name) =>
        all.find(({ id }) => id === name) ?? { id: name, op: "Output", shape: null, dtype: null, supported: true },
    ),
    nodes: all,
    parameterCount: all.reduce((sum, node) => sum + (node.parameters ?? 0), 0),
    files,
  };
}

function parametersOf(node: OnnxNode, graph: OnnxGraph, counted: Set<string>): number {
  let count = 0;
  for (const name of [...node.inputs, ...node.captures]) {
    const constant = graph.constants.get(name);
    if (constant?.dtype !== "float32" || counted.has(name)) continue;
    counted.add(name);
    count += constant.data.length;
  }
  return count;
}
