import type { EmbeddingSpec, NodeId } from "../../engine/port.ts";
import type { GraphIndex } from "./graphIndex.ts";
import type { GraphDefNode } from "./graphTopology.ts";

/** Lookups of a model input's ids in a constant matrix: a gather, or a product with their one-hot form. */
export function graphEmbeddings(graph: GraphIndex, inputs: readonly NodeId[]): EmbeddingSpec[] {
  return graph.order.flatMap((node) => {
    const [first, second] = graph.inputIds(node);
    if (first === undefined || second === undefined) return [];
    const gather = node.op === "GatherV2" || node.op === "Gather" || node.op === "ResourceGather";
    const product = ["MatMul", "BatchMatMul", "BatchMatMulV2"].includes(node.op);
    if (!gather && !product) return [];
    const oneHot = product ? follow(graph, first, (each) => each.op === "OneHot") : undefined;
    const table = graph.weight(resolve(graph, gather ? first : second));
    const ids = gather ? second : oneHot === undefined ? undefined : graph.inputIds(oneHot)[0];
    if (ids === undefined || table === undefined || table.shape.length !== 2 || table.dtype !== "float32") return [];
    const source = follow(graph, ids, (each) => inputs.includes(each.name));
    const [vocabularySize = 0, dimensions = 0] = table.shape;
    return source === undefined ? [] : [{ input: source.name, node: node.name, vocabularySize, dimensions }];
  });
}

const idOps: ReadonlySet<string> = new Set(["Identity", "Cast", "Reshape", "Squeeze", "ExpandDims", "StopGradient"]);

/** Walks up through ops that leave ids as they are until a node fits. */
function follow(graph: GraphIndex, from: NodeId, fits: (node: GraphDefNode) => boolean): GraphDefNode | undefined {
  for (let id: NodeId | undefined = from; id !== undefined; ) {
    const node = graph.node(id);
    if (node === undefined) return undefined;
    if (fits(node)) return node;
    if (!idOps.has(node.op)) return undefined;
    id = graph.inputIds(node)[0];
  }
  return undefined;
}

function resolve(graph: GraphIndex, id: NodeId): NodeId {
  return follow(graph, id, (node) => graph.isConstant(node))?.name ?? id;
}
