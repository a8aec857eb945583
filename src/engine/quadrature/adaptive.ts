import type { PathNodes } from "../pathNodes.ts";
import type { Assessment } from "./assessment.ts";
import { assessFixed } from "./fixed.ts";
import { gapWeights, totalWeights } from "./interpolation.ts";
import { assessMesh, type Mesh, meshNodes } from "./mesh.ts";
import { assessSpectral } from "./spectral.ts";

/** On the nine nodes of the first batch the better of the spectral rule and the mesh, afterwards the mesh. */
export function assessAdaptive(nodes: PathNodes, mesh: Mesh): Assessment {
  const bisected = assessMesh(nodes, mesh);
  const order = meshNodes(mesh);
  if (order.length > 9) return bisected;
  const spectral = assessSpectral(nodes, order);
  return spectral.error <= bisected.error ? spectral : bisected;
}

/** Clenshaw–Curtis on five or three nodes, where fewer than nine evaluations are allowed. */
export function assessFew(nodes: PathNodes, order: readonly number[]): Assessment {
  const ts = order.map((index) => nodes.alphas[index] as number);
  const local = totalWeights(gapWeights(ts, ts.length), ts.length);
  const weights = new Float64Array(nodes.count);
  for (const [j, index] of order.entries()) weights[index] = local[j] as number;
  return assessFixed(nodes, order, weights);
}
