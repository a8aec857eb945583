import { loadGraphModelSync } from "@tensorflow/tfjs-converter";
import { PathlightError } from "../../common/errors.ts";
import { isRecord } from "../disk/readModelJson.ts";

/**
 * Those of the ops that tfjs can execute. Its table is not exported, but every node of a graph is looked up in it, so a
 * graph of one node an op is made, without inputs or weights, and never run.
 */
export function knownGraphOps(ops: Iterable<string>): Set<string> {
  const node = [...new Set(ops)].map((op, index) => ({ name: `op${index}`, op }));
  const model = loadGraphModelSync({
    load: () => ({
      modelTopology: { node, versions: { producer: 1, minConsumer: 1 } },
      weightSpecs: [],
      weightData: new ArrayBuffer(0),
    }),
  });
  try {
    return new Set(nodesOf(model).flatMap(({ op, known }) => (known ? [op] : [])));
  } finally {
    model.dispose();
  }
}

function nodesOf(model: object): { op: string; known: boolean }[] {
  const executor: unknown = Reflect.get(model, "executor");
  const graph = isRecord(executor) ? executor["graph"] : undefined;
  const nodes = isRecord(graph) ? graph["nodes"] : undefined;
  if (!isRecord(nodes)) throw new PathlightError("internal", "The graph of the model cannot be read.");
  return Object.values(nodes).flatMap((node) =>
    isRecord(node) && typeof node["op"] === "string"
      ? [{ op: node["op"], known: typeof node["category"] === "string" }]
      : [],
  );
}
