import { loadGraphModelSync } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../common/errors.ts";
import type { NodeId, NodeSpec } from "../../engine/port.ts";
import { modelInvalid } from "../disk/modelErrors.ts";
import { isRecord, type ModelJson } from "../disk/readModelJson.ts";
import type { Weights } from "../disk/readWeights.ts";
import { graphFunctions } from "./controlFlow/graphFunctions.ts";
import { hasControlFlow, resolveControlFlow } from "./controlFlow/resolveControlFlow.ts";
import { GraphDifferentiableModel } from "./graphDifferentiableModel.ts";
import { GraphIndex, type GraphModel } from "./graphIndex.ts";
import { type GraphDefNode, outputId, parseGraphNodes, parseReference } from "./graphTopology.ts";
import { knownGraphOps } from "./knownGraphOps.ts";
import { refuseUnknownOps } from "./refuseUnknownOps.ts";
import { unfuse } from "./unfuse.ts";

/** Builds a graph model with its weights. After a failure no tensor is left. */
export async function loadGraph(source: ModelJson, weights: Weights): Promise<GraphDifferentiableModel> {
  const nodes = unfuse(withoutControlFlow(source, weights));
  refuseDangling(source.file, nodes, new Set(weights.specs.map((spec) => spec.name)));
  const artifacts: tf.io.ModelArtifacts = {
    modelTopology: { ...source.topology, node: nodes },
    weightSpecs: weights.specs,
    weightData: weights.data,
    ...(source.signature === undefined ? {} : { signature: source.signature }),
  };
  let model: GraphModel | undefined;
  try {
    model = build(artifacts);
    const known = knownGraphOps(nodes.map(({ op }) => op));
    refuseUnknownOps(source.file, nodes, ({ op }) => known.has(op));
    const index = new GraphIndex(nodes, model);
    return new GraphDifferentiableModel(model, index, { inputs: inputs(model, index), outputs: outputs(model, index) });
  } catch (cause) {
    model?.dispose();
    if (cause instanceof PathlightError) throw cause;
    throw modelInvalid(
      source.file,
      "The graph model cannot be built.",
      "a graph and weights that fit together",
      cause instanceof Error ? cause.message : String(cause),
      "Convert the model again.",
      cause,
    );
  }
}

function withoutControlFlow(source: ModelJson, weights: Weights): GraphDefNode[] {
  const nodes = parseGraphNodes(source.file, source.topology);
  if (!hasControlFlow(nodes)) return nodes;
  const tensors = tf.io.decodeWeights(weights.data, weights.specs);
  try {
    const weightsByName = new Map(Object.entries(tensors));
    return resolveControlFlow(nodes, graphFunctions(source.topology), weightsByName, signatureOutputs(source));
  } finally {
    tf.dispose(tensors);
  }
}

function signatureOutputs(source: ModelJson): string[] {
  const named = source.signature?.["outputs"];
  if (!isRecord(named)) return [];
  return Object.values(named).flatMap((output) =>
    isRecord(output) && typeof output["name"] === "string" ? [parseReference(output["name"]).node] : [],
  );
}

/** In a scope, so that weights do not stay behind when the graph is refused. */
function build(artifacts: tf.io.ModelArtifacts): GraphModel {
  tf.engine().startScope("graph model");
  try {
    const model = loadGraphModelSync({ load: () => artifacts });
    for (const weight of Object.values(model.weights).flat()) tf.keep(weight);
    return model;
  } finally {
    tf.engine().endScope();
  }
}

/** An input with a default, such as a training flag, keeps it. */
function inputs(model: GraphModel, index: GraphIndex): NodeSpec[] {
  const asked = model.inputs.filter(({ name }) => index.node(name)?.op !== "PlaceholderWithDefault");
  return asked.map(({ name, shape, dtype }) => ({
    id: parseReference(name).node,
    op: "Placeholder",
    shape: (shape ?? [-1]).map((size) => (size < 0 ? null : size)),
    dtype: dtype ?? "float32",
  }));
}

/** Without a signature tfjs takes every node that nobody reads, unused constants and inputs among them. */
function outputs(model: GraphModel, index: GraphIndex): NodeId[] {
  const ids = model.outputs.map(({ name }) => outputId(parseReference(name)));
  return ids.filter((id) => {
    const node = index.node(id);
    return node !== undefined && !/^(NoOp$|Placeholder)/.test(node.op) && !index.isConstant(node);
  });
}

function refuseDangling(file: string, nodes: readonly GraphDefNode[], weights: ReadonlySet<string>): void {
  const names = new Set(nodes.map((node) => node.name));
  for (const node of nodes) {
    const dangling = (node.input ?? [])
      .map((input) => parseReference(input.replace(/^\^/, "")).node)
      .find((name) => !names.has(name));
    const missing = node.op === "Const" && !weights.has(node.name) ? `the weight ${node.name}` : undefined;
    if (dangling === undefined && missing === undefined) continue;
    throw modelInvalid(
      file,
      dangling === undefined ? "A constant has no values." : `The node ${node.name} reads a node that is not there.`,
      "a complete graph",
      dangling === undefined ? `no ${missing}` : `no node ${dangling}`,
      "Convert the model again.",
    );
  }
}
