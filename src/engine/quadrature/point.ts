import type { PathNodes } from "../pathNodes.ts";
import type { Assessment } from "./assessment.ts";

/** What stands at one node alone, with nothing approximated. */
export function assessPoint(nodes: PathNodes, index: number): Assessment {
  const weights = new Float64Array(nodes.count);
  weights[index] = 1;
  const cells = nodes.combineCells(weights);
  return { weights, cells, error: 0, intervals: [], cellShares: new Float64Array(cells.length) };
}
