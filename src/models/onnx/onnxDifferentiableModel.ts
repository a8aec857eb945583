import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../common/errors.ts";
import type { DifferentiableModel, EmbeddingSpec, NodeId, NodeSpec, OutputHead } from "../../engine/port.ts";
import { checkBatch, checkFeed, unknownNode } from "../feedPlan.ts";
import { isFiniteTensor } from "../finite.ts";
import { installGradientRepairs } from "../repairs/installGradientRepairs.ts";
import type { EmptyCache } from "./emptyCaches.ts";
import { OnnxExecutor } from "./executor.ts";
import type { Folded } from "./foldConstants.ts";
import { type InputLayout, inputLayout } from "./inputLayout.ts";
import { onnxEmbeddings } from "./onnxEmbeddings.ts";
import type { OnnxNode } from "./onnxGraph.ts";
import { onnxHeads } from "./onnxHeads.ts";
import { type Probe, probe } from "./probe.ts";
import { Value } from "./value.ts";

/**
 * An ONNX graph. Nodes have the names of the values that they put out, in ONNX's order of axes. A graph that is made for
 * one sample computes the rows of a batch one by one. Owns its tensors.
 */
export class OnnxDifferentiableModel implements DifferentiableModel {
  readonly inputs: readonly NodeSpec[];
  readonly outputs: readonly NodeSpec[];
  readonly nodes: readonly NodeSpec[];
  readonly heads: readonly OutputHead[];
  readonly embeddings: readonly EmbeddingSpec[];
  readonly parameterCount: number;
  readonly #executor: OnnxExecutor;
  readonly #layouts: ReadonlyMap<NodeId, InputLayout>;
  readonly #probe: Probe;
  readonly #specs = new Map<NodeId, NodeSpec>();
  /** What values that nobody can look into (their batch is not the first axis) are computed from, nodes only. */
  readonly #hidden = new Map<string, readonly NodeId[]>();
  #disposed = false;

  constructor({ graph, constants }: Folded, parameterCount: number, caches: readonly EmptyCache[] = []) {
    this.parameterCount = parameterCount;
    const parameters = parametersByNode(graph.nodes, constants);
    const layouts = graph.inputs.map(inputLayout);
    this.#layouts = new Map(layouts.map((layout) => [layout.name, layout]));
    this.embeddings = onnxEmbeddings(graph, constants);
    this.#executor = new OnnxExecutor(graph, constants, caches);
    this.#probe = probe(this.#executor, layouts, graph.outputs, this.embeddings);
    const tokens = new Set(this.embeddings.map(({ input }) => input));
    for (const { name, shape, dtype } of layouts) {
      const type = tokens.has(name) ? "int32" : dtype;
      this.#specs.set(name, { id: name, op: "Input", shape: [null, ...shape], dtype: type, inputs: [] });
    }
    for (const node of graph.nodes) for (const name of node.outputs) this.#addNode(node, name, parameters.get(name));
    this.nodes = [...this.#specs.values()];
    this.inputs = layouts.map(({ name }) => this.#spec(name));
    this.outputs = graph.outputs.map((name) => this.#specs.get(name) ?? unprobed(name, "Output"));
    this.heads = onnxHeads(graph, (name) => this.#probe.values.get(name)?.shape.length);
  }

  evaluate(feeds: ReadonlyMap<NodeId, tf.Tensor>, fetches: readonly NodeId[]): tf.Tensor[] {
    return this.#evaluate(feeds, fetches, undefined);
  }

  async firstNonFiniteNode(feeds: ReadonlyMap<NodeId, tf.Tensor>): Promise<NodeId | null> {
    for (const [id, tensor] of feeds) if (!isFiniteTensor(tensor)) return id;
    let found: NodeId | null = null;
    const outputs = this.#evaluate(
      feeds,
      this.outputs.map(({ id }) => id),
      (name, value) => {
        if (found === null && !isFiniteTensor(value.plain())) found = name;
      },
    );
    tf.dispose(outputs);
    return found;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#executor.dispose();
  }

  #evaluate(
    feeds: ReadonlyMap<NodeId, tf.Tensor>,
    fetches: readonly NodeId[],
    visit: ((name: string, value: Value) => void) | undefined,
  ): tf.Tensor[] {
    if (this.#disposed) throw new PathlightError("internal", "The model has been disposed.");
    // The backend may be another one than when the model was loaded.
    installGradientRepairs();
    for (const [id, tensor] of feeds) {
      const spec = this.#spec(id);
      if (this.#layouts.has(id) || this.#probe.values.has(id)) checkFeed(spec, tensor);
    }
    for (const id of fetches) this.#spec(id);
    checkBatch(feeds);
    const [first] = feeds.values();
    const rows = first?.shape[0] ?? 1;
    return tf.tidy(() => {
      if (!this.#probe.rowByRow) return this.#executor.run(this.#asFed(feeds), fetches, { rows, visit });
      const results = Array.from({ length: rows }, (_, row) => {
        const given = new Map([...feeds].map(([id, tensor]) => [id, this.#row(id, tensor, row)]));
        return this.#executor.run(this.#asFed(given), fetches, { rows: 1, visit });
      });
      return fetches.map((id, k) => {
        const parts = results.flatMap((result) => (result[k] === undefined ? [] : [this.#withBatch(id, result[k])]));
        return parts.length === 1 && parts[0] !== undefined ? parts[0] : tf.concat(parts, 0);
      });
    });
  }

  /** Ids may come as float32; an operator takes the type that the file says. */
  #asFed(feeds: ReadonlyMap<NodeId, tf.Tensor>): Map<string, Value> {
    return new Map(
      [...feeds].map(([id, tensor]) => {
        const dtype = this.#layouts.get(id)?.dtype;
        return [id, Value.of(dtype === undefined || tensor.dtype === dtype ? tensor : tf.cast(tensor, dtype))];
      }),
    );
  }

  /** One row of a feed, as the graph takes it. */
  #row(id: NodeId, tensor: tf.Tensor, row: number): tf.Tensor {
    const rows = tensor.shape[0] ?? 1;
    const one = rows === 1 ? tensor : tf.slice(tensor, [row], [1]);
    return this.#leadsWithBatch(id) ? one : tf.reshape(one, tensor.shape.slice(1));
  }

  #withBatch(id: NodeId, value: tf.Tensor): tf.Tensor {
    return this.#leadsWithBatch(id) ? value : tf.expandDims(value, 0);
  }

  /** Whether a value of a graph for one sample has a batch axis of 1 of its own. */
  #leadsWithBatch(id: NodeId): boolean {
    const layout = this.#layouts.get(id);
    if (layout !== undefined) return layout.batch !== "none";
    const shape = this.#probe.values.get(id)?.shape;
    return shape === undefined || shape[0] === 1;
  }

  #addNode(node: OnnxNode, name: string, parameters: number | undefined): void {
    const probed = this.#probe.values.get(name);
    if (name === "") return;
    // Nodes come in order, so what is not known yet is a constant.
    const read = node.inputs.flatMap((input) => (this.#specs.has(input) ? [input] : (this.#hidden.get(input) ?? [])));
    const inputs = [...new Set(read)];
    if (probed === undefined && this.#probe.values.size > 0) {
      this.#hidden.set(name, inputs);
      return;
    }
    const layer = layerOf(node.name);
    if (probed === undefined) {
      this.#specs.set(name, { ...unprobed(name, node.op), layer, inputs });
      return;
    }
    const rest = this.#leadsWithBatch(name) ? probed.shape.slice(1) : probed.shape;
    const spec = { id: name, op: node.op, shape: [null, ...rest], dtype: probed.dtype, layer, inputs };
    this.#specs.set(name, parameters === undefined ? spec : { ...spec, parameters });
  }

  #spec(id: NodeId): NodeSpec {
    const spec = this.#specs.get(id);
    if (spec === undefined) throw unknownNode(id, this.#specs.keys());
    return spec;
  }
}

/** Weights that a node reads, under its first output. One that several nodes read counts where it is read first. */
function parametersByNode(nodes: readonly OnnxNode[], constants: ReadonlyMap<string, Value>): Map<string, number> {
  const counted = new Set<string>();
  const found = new Map<string, number>();
  for (const { inputs, outputs } of nodes) {
    let count = 0;
    for (const name of inputs) {
      const value = constants.get(name);
      if (value === undefined || value.dtype !== "float32" || counted.has(name)) continue;
      counted.add(name);
      count += value.shape.reduce((product, side) => product * side, 1);
    }
    const output = outputs.find((name) => name !== "");
    if (count > 0 && output !== undefined) found.set(output, count);
  }
  return found;
}

/** PyTorch names nodes by the modules that they come from: `/layer1/layer1.0/conv1/Conv`. */
function layerOf(name: string): string | undefined {
  const parts = name.split("/").filter((part) => part !== "");
  return parts.length > 1 ? parts.slice(0, -1).join("/") : undefined;
}

function unprobed(id: NodeId, op: string): NodeSpec {
  return { id, op, shape: [null], dtype: "float32" };
}
