import type { ModelFormat } from "../../protocol/manifest.ts";
import { isDynamic } from "./refuseUnknownOps.ts";

/** Those ops of a model that was built which cannot run inside an explanation: control flow and tables of a graph. */
export function unsupportedOps(format: ModelFormat, nodes: readonly { readonly op: string }[]): Set<string> {
  return new Set(format === "tfjs-graph" ? nodes.filter(isDynamic).map(({ op }) => op) : []);
}
