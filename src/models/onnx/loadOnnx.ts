import { basename } from "node:path";
import { throwIfCancelled } from "../../common/cancellation.ts";
import { PathlightError } from "../../common/errors.ts";
import type { ReadModel } from "../loadModel.ts";
import { emptyCaches, withoutCacheBranch } from "./emptyCaches.ts";
import { foldConstants } from "./foldConstants.ts";
import { OnnxDifferentiableModel } from "./onnxDifferentiableModel.ts";
import type { OnnxGraph, OnnxNode } from "./onnxGraph.ts";
import { unsupportedNodes } from "./operators.ts";
import { readOnnx } from "./read/readOnnx.ts";

/** An ONNX model with its weights, also those beside it. Errors: those of `loadModel`. */
export async function loadOnnx(file: string, signal: AbortSignal | undefined): Promise<ReadModel> {
  const { graph, ...source } = await readOnnx(file, signal);
  refuseUnsupported(file, unsupportedNodes(graph));
  throwIfCancelled(signal);
  const folded = foldConstants(withoutCacheBranch(graph));
  try {
    const { graph: fed, caches } = emptyCaches(folded.graph);
    const model = new OnnxDifferentiableModel({ ...folded, graph: fed }, parametersOf(graph), caches);
    const { fingerprint, weightBytes, files } = source;
    return { model, format: "onnx", fingerprint, weightBytes, files, emptyCaches: caches.map(({ name }) => name) };
  } catch (error) {
    for (const constant of folded.constants.values()) constant.dispose();
    throw error;
  }
}

function refuseUnsupported(file: string, nodes: readonly OnnxNode[]): void {
  const [first] = nodes;
  if (first === undefined) return;
  const operators = [...new Set(nodes.map(({ op }) => op))];
  const shown = nodes.slice(0, 5).map(({ op, name }) => `${op} at ${name}`);
  throw new PathlightError(
    "model-unknown-op",
    operators.length === 1
      ? `The operator ${first.op} is not supported.`
      : `The operators ${operators.join(", ")} are not supported.`,
    {
      file,
      expected: "operators of the list in docs/operators.md",
      found: `${shown.join(", ")}${nodes.length > shown.length ? `, and ${nodes.length - shown.length} more` : ""}`,
      whatToDo: `Export ${basename(file)} without them: with the standard operator set, without fused or quantised operators.`,
    },
  );
}

/** Numbers that training can change, those of inner graphs too. */
function parametersOf(graph: OnnxGraph): number {
  let count = 0;
  for (const { dtype, data } of graph.constants.values()) if (dtype === "float32") count += data.length;
  for (const node of graph.nodes) for (const inner of node.attributes.graphs()) count += parametersOf(inner);
  return count;
}
