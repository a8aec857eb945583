import { isRecord, type ModelJson } from "../disk/readModelJson.ts";
import type { ModelOutline, OutlineNode } from "../modelOutline.ts";
import {
  attributesOf,
  dataInputs,
  type GraphDefNode,
  outputId,
  parseGraphNodes,
  parseReference,
} from "./graphTopology.ts";
import { knownGraphOps } from "./knownGraphOps.ts";
import { isDynamic } from "./refuseUnknownOps.ts";
import { unfuse } from "./unfuse.ts";

/** Nodes of a graph as the file has them, fused ones taken apart as loading does. */
export function outlineGraph(source: ModelJson): Pick<ModelOutline, "inputs" | "outputs" | "nodes"> {
  const all = unfuse(parseGraphNodes(source.file, source.topology));
  const known = knownGraphOps(all.map(({ op }) => op));
  const weights = new Map(
    source.weights.flatMap((group) => group.weights).map(({ name, shape, dtype }) => [name, { shape, dtype }]),
  );
  const isConstant = ({ op, name }: GraphDefNode): boolean => op === "Const" || weights.has(name);
  const counted = new Set<string>();
  const computed = all.filter((node) => !isConstant(node) && node.op !== "NoOp");
  const nodes = computed.map((node): OutlineNode => {
    let parameters = 0;
    for (const { node: name } of dataInputs(node).map(parseReference)) {
      const weight = weights.get(name);
      if (weight?.dtype !== "float32" || counted.has(name)) continue;
      counted.add(name);
      parameters += weight.shape.reduce((product, size) => product * size, 1);
    }
    return {
      id: node.name,
      op: node.op,
      shape: node.op === "Placeholder" ? placeholderShape(node) : null,
      dtype: dtypeOf(node),
      ...(parameters > 0 ? { parameters } : {}),
      supported: known.has(node.op) && !isDynamic(node),
    };
  });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const ends = outputsOf(source, computed).flatMap((id) => byId.get(parseReference(id).node) ?? []);
  return { inputs: nodes.filter(({ op }) => op === "Placeholder"), outputs: ends, nodes };
}

/** What the signature names, else what nobody reads. */
function outputsOf({ signature }: ModelJson, nodes: readonly GraphDefNode[]): string[] {
  const outputs = isRecord(signature?.["outputs"]) ? Object.values(signature["outputs"]) : [];
  const named = outputs.flatMap((output) =>
    isRecord(output) && typeof output["name"] === "string" ? [outputId(parseReference(output["name"]))] : [],
  );
  if (named.length > 0) return named;
  const read = new Set(nodes.flatMap((node) => dataInputs(node).map((input) => parseReference(input).node)));
  return nodes.filter(({ name, op }) => !read.has(name) && op !== "Placeholder").map(({ name }) => name);
}

function placeholderShape(node: GraphDefNode): (number | null)[] | null {
  const attribute: unknown = attributesOf(node)["shape"];
  const shape = isRecord(attribute) ? attribute["shape"] : undefined;
  const dimensions = isRecord(shape) ? shape["dim"] : undefined;
  if (!Array.isArray(dimensions)) return null;
  return dimensions.map((dimension: unknown) => {
    const size = isRecord(dimension) ? Number(dimension["size"] ?? 0) : Number.NaN;
    return Number.isInteger(size) && size > 0 ? size : null;
  });
}

const dtypes: Readonly<Record<string, string>> = {
  DT_FLOAT: "float32",
  DT_DOUBLE: "float32",
  DT_HALF: "float32",
  DT_INT32: "int32",
  DT_INT64: "int32",
  DT_BOOL: "bool",
  DT_STRING: "string",
};

function dtypeOf(node: GraphDefNode): string | null {
  const { dtype, T, DstT } = attributesOf(node);
  const type = (dtype ?? DstT ?? T)?.type;
  return typeof type === "string" ? (dtypes[type] ?? null) : null;
}
