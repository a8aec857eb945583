import type { EmbeddingSpec } from "../../engine/port.ts";
import type { OnnxGraph, OnnxNode } from "./onnxGraph.ts";
import { producersOf } from "./onnxHeads.ts";
import type { Value } from "./value.ts";

/** Operators that leave ids as they are. */
const idOperators: ReadonlySet<string> = new Set([
  "Identity",
  "Cast",
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "Expand",
  "Flatten",
]);

/** Look-ups of an input's ids in a constant matrix: a gather, or a product with their one-hot form. */
export function onnxEmbeddings(graph: OnnxGraph, constants: ReadonlyMap<string, Value>): EmbeddingSpec[] {
  const producers = producersOf(graph);
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const found: EmbeddingSpec[] = [];
  for (const node of graph.nodes) {
    const lookup = lookupOf(node, producers, constants);
    const table = constants.get(lookup?.table ?? "");
    if (lookup === undefined || table === undefined || table.dtype !== "float32" || table.shape.length !== 2) continue;
    const input = sourceInput(lookup.ids, producers, inputs);
    const [vocabularySize = 0, dimensions = 0] = table.shape;
    const output = node.outputs[0];
    if (input === undefined || output === undefined) continue;
    found.push({ input, node: output, vocabularySize, dimensions });
  }
  return found;
}

function lookupOf(
  node: OnnxNode,
  producers: ReadonlyMap<string, OnnxNode>,
  constants: ReadonlyMap<string, Value>,
): { readonly ids: string; readonly table: string } | undefined {
  const [first = "", second = ""] = node.inputs;
  if (node.op === "Gather" && node.attributes.number("axis", 0) === 0) return { ids: second, table: first };
  if (node.op !== "MatMul") return undefined;
  const ids = oneHotIds(first, producers, constants);
  return ids === undefined ? undefined : { ids, table: second };
}

/** The ids behind their one-hot form: the operator, or a comparison with 0, 1, 2, … */
function oneHotIds(
  name: string,
  producers: ReadonlyMap<string, OnnxNode>,
  constants: ReadonlyMap<string, Value>,
): string | undefined {
  let node = producers.get(name);
  while (node?.op === "Cast") node = producers.get(node.inputs[0] ?? "");
  if (node?.op === "OneHot") return node.inputs[0];
  if (node?.op !== "Equal") return undefined;
  const [left = "", right = ""] = node.inputs;
  if (isCount(constants.get(right))) return left;
  return isCount(constants.get(left)) ? right : undefined;
}

function isCount(value: Value | undefined): boolean {
  if (value === undefined || value.shape.at(-1) === 1) return false;
  return value.shape.slice(0, -1).every((side) => side === 1) && value.numbers().every((each, index) => each === index);
}

function sourceInput(
  from: string,
  producers: ReadonlyMap<string, OnnxNode>,
  inputs: ReadonlySet<string>,
): string | undefined {
  for (let name = from; ; ) {
    if (inputs.has(name)) return name;
    const node = producers.get(name);
    if (node === undefined || !idOperators.has(node.op)) return undefined;
    name = node.inputs[0] ?? "";
  }
}
