import { attributesOf, decodeString, type GraphDefNode } from "./graphTopology.ts";

const plainOps: Readonly<Record<string, string>> = {
  _FusedConv2D: "Conv2D",
  FusedDepthwiseConv2dNative: "DepthwiseConv2dNative",
  _FusedMatMul: "MatMul",
};

/**
 * Takes fused convolutions and products apart: `name/Conv2D`, `name/BiasAdd` and the activation, which keeps `name`.
 * A fused op computes the gradient of its weights whether wanted or not (on wasm its kernel is missing), and hides the
 * value before the activation. The result is the same, and every part can be looked into.
 */
export function unfuse(nodes: readonly GraphDefNode[]): GraphDefNode[] {
  const taken = new Set(nodes.map((node) => node.name));
  return nodes.flatMap((node) => {
    const plain = plainOps[node.op];
    const fused = (attributesOf(node)["fused_ops"]?.list?.s ?? []).map(decodeString);
    return plain === undefined || !fused.every(canSplit) ? [node] : split(node, plain, fused, taken);
  });
}

const activations: ReadonlySet<string> = new Set(["Relu", "Relu6", "Elu", "LeakyRelu", "Prelu", "Sigmoid", "Tanh"]);

function canSplit(op: string): boolean {
  return op === "BiasAdd" || activations.has(op);
}

function split(node: GraphDefNode, plain: string, fused: readonly string[], taken: Set<string>): GraphDefNode[] {
  const attributes = { ...attributesOf(node) };
  const alpha = attributes["leakyrelu_alpha"];
  for (const name of ["fused_ops", "num_args", "epsilon", "leakyrelu_alpha"]) delete attributes[name];
  const inputs = (node.input ?? []).filter((input) => !input.startsWith("^"));
  const controls = (node.input ?? []).filter((input) => input.startsWith("^"));
  const ops = [plain, ...fused];
  let rest = inputs.slice(2);
  let previous = "";
  return ops.map((op, index) => {
    const last = index === ops.length - 1;
    const name = last ? node.name : freshName(`${node.name}/${op}`, taken);
    const extra = op === "BiasAdd" || op === "Prelu" ? rest.slice(0, 1) : [];
    if (extra.length > 0) rest = rest.slice(1);
    const input = index === 0 ? [...inputs.slice(0, 2), ...controls] : [previous, ...extra];
    previous = name;
    return { name, op, input, attr: index === 0 ? attributes : op === "LeakyRelu" && alpha ? { alpha } : {} };
  });
}

function freshName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let i = 1; taken.has(name); i++) name = `${wanted}_${i}`;
  taken.add(name);
  return name;
}
