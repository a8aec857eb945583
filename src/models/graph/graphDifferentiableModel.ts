import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../common/errors.ts";
import type { DifferentiableModel, EmbeddingSpec, NodeId, NodeSpec, OutputHead } from "../../engine/port.ts";
import { checkBatch, checkFeed, feedsMissing, unknownNode } from "../feedPlan.ts";
import { isFiniteTensor } from "../finite.ts";
import { markMovable } from "../leanTape.ts";
import { installGradientRepairs } from "../repairs/installGradientRepairs.ts";
import { guardTape, isRecording, rollbackTape, tapeLength } from "../tape.ts";
import { graphEmbeddings } from "./graphEmbeddings.ts";
import { graphHeads } from "./graphHeads.ts";
import type { GraphIndex, GraphModel } from "./graphIndex.ts";
import { outputId, parseReference } from "./graphTopology.ts";
import { isDynamic, refuseDynamicOp } from "./refuseUnknownOps.ts";

interface Plan {
  /** Computed nodes from the feeds to the fetches, in topological order. */
  readonly between: readonly NodeId[];
  /** For each entry that a run of this plan leaves on the tape, the node it belongs to. Known after the first such run. */
  tapeNames: readonly NodeId[] | undefined;
}

export interface GraphInterface {
  readonly inputs: readonly NodeSpec[];
  readonly outputs: readonly NodeId[];
}

/** A tfjs graph model; GraphModel itself feeds and fetches inner nodes. Owns the model and disposes it. */
export class GraphDifferentiableModel implements DifferentiableModel {
  readonly inputs: readonly NodeSpec[];
  readonly outputs: readonly NodeSpec[];
  readonly nodes: readonly NodeSpec[];
  readonly heads: readonly OutputHead[];
  readonly embeddings: readonly EmbeddingSpec[];
  readonly parameterCount: number;
  readonly #model: GraphModel;
  readonly #graph: GraphIndex;
  readonly #specs = new Map<NodeId, NodeSpec>();
  readonly #shaped = new Set<NodeId>();
  readonly #plans = new Map<string, Plan>();
  #disposed = false;

  constructor(model: GraphModel, graph: GraphIndex, { inputs, outputs }: GraphInterface) {
    this.#model = model;
    this.#graph = graph;
    const ids = inputs.map((input) => input.id);
    this.embeddings = graphEmbeddings(graph, ids);
    const tokens = new Set(this.embeddings.map((embedding) => embedding.input));
    this.inputs = inputs.map((input) => (tokens.has(input.id) ? { ...input, dtype: "int32" } : input));
    for (const input of this.inputs) this.#addSpec({ ...input, inputs: [] }, true);
    const values = this.#dryRun();
    const reached = values ?? new Map<NodeId, tf.TensorInfo>();
    const parameters = graph.parameters();
    for (const node of graph.order) {
      if (graph.isConstant(node) || this.#specs.has(node.name)) continue;
      const read = graph.inputIds(node).filter((id) => {
        const source = graph.node(id);
        return source !== undefined && !graph.isConstant(source);
      });
      for (const output of [0, ...(graph.extraOutputs.get(node.name) ?? [])]) {
        const id = outputId({ node: node.name, output });
        const info = reached.get(id);
        const shape = info === undefined ? [null] : [null, ...info.shape.slice(1)];
        const count = output === 0 ? parameters.get(node.name) : undefined;
        const spec = { id, op: node.op, shape, dtype: info?.dtype ?? ("float32" as const), inputs: read };
        this.#addSpec(count === undefined ? spec : { ...spec, parameters: count }, info !== undefined);
      }
    }
    this.nodes = [...this.#specs.values()];
    this.outputs = outputs.map((id) => this.#spec(id));
    this.heads = graphHeads(graph, outputs);
    this.parameterCount = Object.values(model.weights)
      .flat()
      .reduce((sum, weight) => sum + (weight.dtype === "float32" ? weight.size : 0), 0);
  }

  evaluate(feeds: ReadonlyMap<NodeId, tf.Tensor>, fetches: readonly NodeId[]): tf.Tensor[] {
    if (this.#disposed) throw new PathlightError("internal", "The model has been disposed.");
    // The backend may be another one than when the model was loaded.
    installGradientRepairs();
    for (const [id, tensor] of feeds) {
      const spec = this.#spec(id);
      if (this.#shaped.has(id)) checkFeed(spec, tensor);
    }
    for (const id of fetches) this.#spec(id);
    checkBatch(feeds);
    const plan = this.#plan(feeds, fetches);
    const start = tapeLength();
    try {
      // The caller owns what it fetches, so a node that was fed and fetched, or fetched twice, is another tensor.
      return tf.tidy(() => this.#execute(plan, feeds, fetches, start).map((value) => tf.clone(value)));
    } catch (error) {
      rollbackTape(start);
      throw error;
    }
  }

  async firstNonFiniteNode(feeds: ReadonlyMap<NodeId, tf.Tensor>): Promise<NodeId | null> {
    for (const [id, tensor] of feeds) if (!isFiniteTensor(tensor)) return id;
    const { between } = this.#plan(
      feeds,
      this.outputs.map((output) => output.id),
    );
    const values = this.evaluate(feeds, between);
    const index = values.findIndex((value) => !isFiniteTensor(value));
    tf.dispose(values);
    return between[index] ?? null;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#model.dispose();
  }

  #execute(plan: Plan, feeds: ReadonlyMap<NodeId, tf.Tensor>, fetches: readonly NodeId[], start: number): tf.Tensor[] {
    if (!isRecording()) return this.#runGraph(feeds, fetches);
    markMovable(feeds.values());
    if (plan.tapeNames === undefined) {
      // Once per plan everything between is fetched, to learn which entries of the tape belong to which node.
      const all = [...fetches, ...plan.between];
      const values = this.#runGraph(feeds, all);
      plan.tapeNames = namesOfTape(start, new Map(all.map((id, index) => [values[index]?.id ?? -1, id])));
      this.#guard(plan.tapeNames, start);
      return values.slice(0, fetches.length);
    }
    const values = this.#runGraph(feeds, fetches);
    this.#guard(plan.tapeNames, start);
    return values;
  }

  #guard(names: readonly NodeId[], start: number): void {
    let index = 0;
    guardTape(start, () => names[index++] ?? "an inner node");
  }

  #runGraph(feeds: ReadonlyMap<NodeId, tf.Tensor>, fetches: readonly NodeId[]): tf.Tensor[] {
    const given = Object.fromEntries([...feeds].map(([id, tensor]) => [id, this.#asFed(id, tensor)]));
    const result = this.#model.execute(given, [...fetches]);
    return Array.isArray(result) ? result : [result];
  }

  /** Ids may come as float32; a placeholder takes its own type only. */
  #asFed(id: NodeId, tensor: tf.Tensor): tf.Tensor {
    const placeholder = this.#model.inputs.find((input) => input.name === id);
    const dtype = placeholder?.dtype;
    return (dtype === "int32" || dtype === "float32") && tensor.dtype !== dtype ? tf.cast(tensor, dtype) : tensor;
  }

  #plan(feeds: ReadonlyMap<NodeId, tf.Tensor>, fetches: readonly NodeId[]): Plan {
    const key = JSON.stringify([[...feeds.keys()].sort(), fetches]);
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const fed = new Set([...feeds.keys()].map((id) => parseReference(id).node));
    const needed = new Set<string>();
    const missing = new Set<NodeId>();
    const pending = fetches.map((id) => parseReference(id).node);
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      const node = this.#graph.nodes.get(name);
      if (node === undefined || fed.has(name) || needed.has(name) || this.#graph.isConstant(node)) continue;
      if (node.op === "Placeholder") missing.add(name);
      needed.add(name);
      for (const input of this.#graph.inputIds(node)) pending.push(parseReference(input).node);
    }
    if (missing.size > 0) throw feedsMissing([...missing], fetches, feeds.keys());
    const nodes = this.#graph.order.filter((node) => needed.has(node.name));
    for (const node of nodes) refuseDynamicOp(node);
    const plan: Plan = { between: nodes.map((node) => node.name), tapeNames: undefined };
    this.#plans.set(key, plan);
    return plan;
  }

  /** Shape and type of every node, from one pass over zeros; undefined when the inputs' shapes are not known. */
  #dryRun(): Map<NodeId, tf.TensorInfo> | undefined {
    if (this.inputs.some((input) => input.shape.slice(1).some((size) => size === null))) return undefined;
    const infos = new Map<NodeId, tf.TensorInfo>();
    tf.tidy(() => {
      const feeds = new Map(
        this.inputs.map((input) => [
          input.id,
          tf.zeros(
            input.shape.map((size) => size ?? 1),
            input.dtype,
          ),
        ]),
      );
      // What hangs on control flow is refused when it is asked for; the rest of the model is as good as any.
      const runnable = new Set(feeds.keys());
      for (const node of this.#graph.order) {
        const ready = this.#graph.inputIds(node).every((id) => runnable.has(parseReference(id).node));
        if (ready && node.op !== "Placeholder" && !isDynamic(node)) runnable.add(node.name);
      }
      const ids = this.#graph.order
        .filter((node) => runnable.has(node.name) && !this.#graph.isConstant(node) && !feeds.has(node.name))
        .filter((node) => node.op !== "NoOp")
        .flatMap((node) =>
          [0, ...(this.#graph.extraOutputs.get(node.name) ?? [])].map((output) =>
            outputId({ node: node.name, output }),
          ),
        );
      const values = ids.length === 0 ? [] : this.#runGraph(feeds, ids);
      ids.forEach((id, index) => {
        const value = values[index];
        if (value !== undefined) infos.set(id, { dataId: value.dataId, shape: value.shape, dtype: value.dtype });
      });
    });
    return infos;
  }

  #addSpec(spec: NodeSpec, shaped: boolean): void {
    this.#specs.set(spec.id, spec);
    if (shaped) this.#shaped.add(spec.id);
  }

  #spec(id: NodeId): NodeSpec {
    const spec = this.#specs.get(id);
    if (spec === undefined) throw unknownNode(id, this.#specs.keys());
    return spec;
  }
}

/** The entries before a node's last one, back to the node before, are steps on its way. */
function namesOfTape(start: number, names: ReadonlyMap<number, NodeId>): NodeId[] {
  const tape = tf.engine().state.activeTape.slice(start);
  let name = "an inner node";
  return tape
    .reverse()
    .map((entry) => {
      const found = entry.outputs.map((output) => names.get(output.id)).find((each) => each !== undefined);
      name = found ?? name;
      return name;
    })
    .reverse();
}
