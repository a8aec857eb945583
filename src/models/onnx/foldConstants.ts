import { PathlightError } from "../../common/errors.ts";
import { Attributes } from "./attributes.ts";
import type { OnnxGraph, OnnxNode } from "./onnxGraph.ts";
import { computeNode } from "./run.ts";
import { toConstants } from "./toConstants.ts";
import type { Value } from "./value.ts";

export interface Folded {
  /** What is left to compute; its constants are in `constants`. */
  readonly graph: OnnxGraph;
  readonly constants: Map<string, Value>;
}

/**
 * Computes once what follows from the constants alone: weights that are stored as integers, shapes that are written
 * down, branches whose condition is fixed. Constants that nobody reads any more are freed. After an error no tensor is
 * left.
 */
export function foldConstants(graph: OnnxGraph): Folded {
  const constants = toConstants(graph);
  try {
    const rest = foldNodes(graph.nodes, constants);
    const read = new Set([...rest.flatMap((node) => [...node.inputs, ...node.captures]), ...graph.outputs]);
    for (const [name, value] of constants) {
      if (read.has(name)) continue;
      value.dispose();
      constants.delete(name);
    }
    return { graph: { ...graph, nodes: rest, constants: new Map() }, constants };
  } catch (error) {
    for (const value of constants.values()) value.dispose();
    throw error;
  }
}

function foldNodes(nodes: readonly OnnxNode[], constants: Map<string, Value>): OnnxNode[] {
  const rest: OnnxNode[] = [];
  for (const node of nodes) {
    const branch = chosenBranch(node, constants);
    if (branch !== undefined) rest.push(...inlineBranch(node, branch, constants));
    else if (isConstant(node, constants)) compute(node, constants);
    else rest.push(node);
  }
  return rest;
}

function isConstant(node: OnnxNode, constants: ReadonlyMap<string, Value>): boolean {
  return [...node.inputs, ...node.captures].every((name) => name === "" || constants.has(name));
}

function compute(node: OnnxNode, constants: Map<string, Value>): void {
  const find = (name: string): Value => {
    const value = constants.get(name);
    if (value === undefined) throw new PathlightError("internal", `The constant ${name} is not there.`);
    return value;
  };
  const runGraph = (): never => {
    throw new PathlightError("internal", "A branch is folded before its node is.");
  };
  for (const [index, value] of computeNode(node, find, runGraph).entries()) {
    const name = node.outputs[index] ?? "";
    if (name !== "" && value !== undefined) constants.set(name, value.asConstant());
    value?.dispose();
  }
}

/** The branch of an `If` whose condition is known. */
function chosenBranch(node: OnnxNode, constants: ReadonlyMap<string, Value>): OnnxGraph | undefined {
  const condition = constants.get(node.inputs[0] ?? "");
  if (node.op !== "If" || condition === undefined) return undefined;
  return node.attributes.graph(condition.numbers()[0] ? "then_branch" : "else_branch");
}

/** Writes a branch out in place of its node; its outputs get the node's names. */
function inlineBranch(node: OnnxNode, branch: OnnxGraph, constants: Map<string, Value>): OnnxNode[] {
  for (const [name, value] of toConstants(branch)) constants.set(name, value);
  const renamed = branch.outputs.flatMap((name, index): OnnxNode[] => {
    const output = node.outputs[index] ?? "";
    if (output === name) return [];
    return [
      {
        name: `${node.name}:${index}`,
        op: "Identity",
        version: node.version,
        inputs: [name],
        outputs: [output],
        attributes: new Attributes(new Map()),
        captures: [],
      },
    ];
  });
  return foldNodes([...branch.nodes, ...renamed], constants);
}
