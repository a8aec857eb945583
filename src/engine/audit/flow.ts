import type { DifferentiableModel, NodeId, NodeSpec } from "../port.ts";

/** What lies between the explained inputs and the score. */
export interface Flow {
  /** Nodes that a gradient passes, the one nearest to the score first. */
  readonly nodes: readonly NodeSpec[];
  /** Nodes on the way that hold integers or booleans, or are computed from such alone: no gradient passes them. */
  readonly integer: number;
  /** False where the format does not say what nodes are computed from, so that single operations cannot be told apart. */
  readonly known: boolean;
}

export function flowOf(model: DifferentiableModel, explained: ReadonlySet<NodeId>, fetches: readonly NodeId[]): Flow {
  const specs = new Map(model.nodes.map((spec) => [spec.id, spec]));
  const needed = new Set<NodeId>();
  const pending = [...fetches];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (needed.has(id)) continue;
    needed.add(id);
    // What is fed is not computed.
    if (!explained.has(id)) pending.push(...(specs.get(id)?.inputs ?? []));
  }
  const dependent = new Set<NodeId>(explained);
  const moved = new Set<NodeId>(explained);
  const nodes: NodeSpec[] = [];
  let integer = 0;
  for (const spec of model.nodes) {
    if (!needed.has(spec.id) || explained.has(spec.id)) continue;
    const inputs = spec.inputs ?? [];
    if (!inputs.some((id) => dependent.has(id))) continue;
    dependent.add(spec.id);
    if (spec.dtype === "float32" && inputs.some((id) => moved.has(id))) {
      moved.add(spec.id);
      nodes.push(spec);
    } else integer++;
  }
  return { nodes: nodes.reverse(), integer, known: fetches.some((id) => explained.has(id) || moved.has(id)) };
}
