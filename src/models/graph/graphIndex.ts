import type { loadGraphModelSync } from "@tensorflow/tfjs-converter";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { NodeId } from "../../engine/port.ts";
import { dataInputs, type GraphDefNode, outputId, parseReference } from "./graphTopology.ts";

export type GraphModel = ReturnType<typeof loadGraphModelSync>;

const handsOn: ReadonlySet<string> = new Set(["Identity", "ReadVariableOp", "StopGradient"]);

/** A graph by name, with its weights and an order in which every node comes after its inputs. */
export class GraphIndex {
  readonly nodes = new Map<string, GraphDefNode>();
  readonly order: readonly GraphDefNode[];
  /** Which outputs of a node are read by others, besides the first. */
  readonly extraOutputs = new Map<string, Set<number>>();
  readonly #weights: ReadonlyMap<string, readonly Tensor[]>;

  constructor(nodes: readonly GraphDefNode[], model: GraphModel) {
    this.#weights = new Map(Object.entries(model.weights));
    for (const node of nodes) this.nodes.set(node.name, node);
    for (const node of nodes) {
      for (const { node: name, output } of dataInputs(node).map(parseReference)) {
        if (output === 0) continue;
        const outputs = this.extraOutputs.get(name) ?? new Set<number>();
        this.extraOutputs.set(name, outputs.add(output));
      }
    }
    this.order = topologicalOrder(nodes, this.nodes);
  }

  /** Ids of what a node reads. */
  inputIds(node: GraphDefNode): NodeId[] {
    return dataInputs(node).map((input) => outputId(parseReference(input)));
  }

  node(id: NodeId): GraphDefNode | undefined {
    return this.nodes.get(parseReference(id).node);
  }

  weight(id: NodeId): Tensor | undefined {
    return this.#weights.get(parseReference(id).node)?.[0];
  }

  /** How many trained values each node reads, through ops that hand them on; those that several read count for the first. */
  parameters(): Map<NodeId, number> {
    const counts = new Map<NodeId, number>();
    const counted = new Set<string>();
    for (const node of this.order) {
      if (this.isConstant(node)) continue;
      for (const id of this.inputIds(node)) {
        const source = this.#constantBehind(id);
        const weight = source === undefined || counted.has(source) ? undefined : this.weight(source);
        if (source === undefined || weight?.dtype !== "float32") continue;
        counted.add(source);
        counts.set(node.name, (counts.get(node.name) ?? 0) + weight.size);
      }
    }
    return counts;
  }

  #constantBehind(from: NodeId): string | undefined {
    for (let node = this.node(from); node !== undefined; ) {
      if (this.isConstant(node)) return node.name;
      const [input] = this.inputIds(node);
      if (input === undefined || !handsOn.has(node.op)) return undefined;
      node = this.node(input);
    }
    return undefined;
  }

  isConstant(node: GraphDefNode): boolean {
    return node.op === "Const" || this.#weights.has(node.name);
  }
}

function topologicalOrder(nodes: readonly GraphDefNode[], byName: ReadonlyMap<string, GraphDefNode>): GraphDefNode[] {
  const order: GraphDefNode[] = [];
  const state = new Map<string, "open" | "done">();
  for (const root of nodes) {
    const stack = [root];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const seen = state.get(top.name);
      if (seen !== undefined) {
        stack.pop();
        if (seen === "open") {
          state.set(top.name, "done");
          order.push(top);
        }
        continue;
      }
      state.set(top.name, "open");
      for (const { node } of dataInputs(top).map(parseReference)) {
        const input = byName.get(node);
        if (input !== undefined && !state.has(node)) stack.push(input);
      }
    }
  }
  return order;
}
