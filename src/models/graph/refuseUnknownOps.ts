import { PathlightError } from "../../common/errors.ts";
import type { GraphDefNode } from "./graphTopology.ts";

const dynamicOps: ReadonlySet<string> = new Set([
  ...["Switch", "Merge", "Enter", "Exit", "NextIteration", "LoopCond", "If", "StatelessIf", "While", "StatelessWhile"],
  ...["NonMaxSuppressionV2", "NonMaxSuppressionV3", "NonMaxSuppressionV4", "NonMaxSuppressionV5", "Where"],
  ...["TensorListReserve", "EmptyTensorList", "TensorListFromTensor", "TensorListSetItem", "TensorListGetItem"],
  ...["TensorListPushBack", "TensorListPopBack", "TensorListStack", "TensorListGather", "TensorListLength"],
  ...["TensorListResize", "TensorListConcat", "TensorListConcatV2", "TensorListScatter", "TensorListScatterV2"],
  ...["TensorListSplit", "TensorArrayV3", "TensorArrayReadV3", "TensorArrayWriteV3", "TensorArrayGatherV3"],
  ...["TensorArrayScatterV3", "TensorArrayConcatV3", "TensorArraySplitV3", "TensorArraySizeV3", "TensorArrayCloseV3"],
  ...["LookupTableSize", "LookupTableSizeV2", "InitializeTable", "InitializeTableV2", "ListDiff"],
  ...["HashTable", "HashTableV2", "LookupTableFind", "LookupTableFindV2", "LookupTableImport", "LookupTableImportV2"],
]);

/**
 * Control flow that an input decides, tables and outputs of a size that only the values tell cannot run in one
 * synchronous pass. What no input decides has been resolved before.
 */
export function refuseDynamicOp(node: GraphDefNode): void {
  if (!isDynamic(node)) return;
  throw new PathlightError("model-unknown-op", `The op ${node.op} cannot be used in an explanation.`, {
    expected: "operations without lookup tables, and conditions and loops that no input decides",
    found: `${node.op} at ${node.name}`,
    whatToDo: "Choose an output node before this one, or start from a node behind it.",
  });
}

export function isDynamic({ op }: Pick<GraphDefNode, "op">): boolean {
  return dynamicOps.has(op);
}

/** Throws for the first node whose op tfjs does not have; `knows` says so. */
export function refuseUnknownOps(
  file: string,
  nodes: readonly GraphDefNode[],
  knows: (node: GraphDefNode) => boolean,
): void {
  const unknown = nodes.find((node) => !knows(node));
  if (unknown === undefined) return;
  throw new PathlightError("model-unknown-op", `The op ${unknown.op} is unknown.`, {
    file,
    expected: "operations that TensorFlow.js has",
    found: `${unknown.op} at ${unknown.name}`,
    whatToDo: "Export the model without this operation, or replace it by ones that TensorFlow.js has.",
  });
}
