import type { InspectedNode } from "./inspection.ts";

export interface OpCount {
  readonly op: string;
  readonly count: number;
  /** Ids of the nodes, in the order of the model. */
  readonly nodes: readonly string[];
}

/** How often each op occurs among the nodes, and where; the most frequent first. */
export function opCounts(nodes: readonly InspectedNode[]): OpCount[] {
  const byOp = new Map<string, string[]>();
  for (const { op, id } of nodes) {
    const ids = byOp.get(op);
    if (ids === undefined) byOp.set(op, [id]);
    else ids.push(id);
  }
  return [...byOp]
    .map(([op, ids]) => ({ op, count: ids.length, nodes: ids }))
    .sort((a, b) => b.count - a.count || a.op.localeCompare(b.op));
}
