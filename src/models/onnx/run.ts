import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../common/errors.ts";
import { fromTensorError } from "../../engine/tensorErrors.ts";
import { unsupportedShape } from "../disk/modelErrors.ts";
import { markMovable } from "../leanTape.ts";
import { guardTape, isRecording, tapeLength, traceTape, withoutTape } from "../tape.ts";
import type { Plan } from "./executor.ts";
import type { OnnxGraph, OnnxNode } from "./onnxGraph.ts";
import { OpContext } from "./opContext.ts";
import { requireOperator } from "./operators.ts";
import { Value } from "./value.ts";

/** What a run tells of each value that it has computed. `isStatic`: it follows from constants and shapes alone. */
export type Visit = (name: string, value: Value, isStatic: boolean) => void;

/** What follows from the shapes of the feeds alone, and what is left to do once it is known. */
export interface Statics {
  readonly values: ReadonlyMap<string, Value>;
  readonly rest: readonly OnnxNode[];
}

interface RunOptions {
  readonly plan: Plan;
  readonly feeds: ReadonlyMap<string, Value>;
  readonly constants: ReadonlyMap<string, Value>;
  /** Undefined in the first run with these shapes, which finds them. */
  readonly statics: Statics | undefined;
  readonly innerConstants: (graph: OnnxGraph) => ReadonlyMap<string, Value>;
  readonly visit?: Visit | undefined;
}

/** One computation of a plan. */
export class Run {
  readonly #options: RunOptions;
  readonly #made = new Map<string, Value>();
  readonly #statics = new Map<string, Value>();
  /** Values whose shape depends on numbers that are not known before the run. */
  readonly #loose = new Set<string>();
  readonly #readers = new Map<string, number>();

  constructor(options: RunOptions) {
    this.#options = options;
  }

  /** Computes everything. Returns what was found to be static, once. */
  execute(): Statics | undefined {
    const { plan, statics, feeds } = this.#options;
    if (isRecording()) for (const feed of feeds.values()) markMovable(feed.tensors());
    const nodes = statics?.rest ?? plan.nodes;
    for (const name of [...nodes.flatMap((node) => [...node.inputs, ...node.captures]), ...plan.fetches]) {
      this.#readers.set(name, (this.#readers.get(name) ?? 0) + 1);
    }
    const rest: OnnxNode[] = [];
    for (const node of nodes) if (!this.#step(node)) rest.push(node);
    if (statics !== undefined) return undefined;
    this.#keepStaticsFor(rest);
    return { values: this.#statics, rest };
  }

  /** What only other statics have read is not needed again. */
  #keepStaticsFor(rest: readonly OnnxNode[]): void {
    const read = new Set([
      ...rest.flatMap((node) => [...node.inputs, ...node.captures]),
      ...this.#options.plan.fetches,
    ]);
    for (const [name, value] of this.#statics) {
      if (read.has(name)) continue;
      value.dispose();
      this.#statics.delete(name);
    }
  }

  get(name: string): Value {
    const { feeds, statics, constants } = this.#options;
    const value =
      feeds.get(name) ??
      this.#made.get(name) ??
      this.#statics.get(name) ??
      statics?.values.get(name) ??
      constants.get(name);
    if (value === undefined) throw new PathlightError("internal", `The value ${name} has not been computed.`);
    return value;
  }

  /** Frees what is left. The statics of a first run stay where they have been handed over. */
  dispose(): void {
    for (const value of this.#made.values()) value.dispose();
    this.#made.clear();
    for (const value of this.#options.feeds.values()) value.disposeMade();
  }

  /** After an error nobody has the statics. */
  disposeAll(): void {
    this.dispose();
    for (const value of this.#statics.values()) value.dispose();
  }

  /** Whether the node was static, so that it need not be computed again for the same shapes. */
  #step(node: OnnxNode): boolean {
    const isStatic = this.#options.statics === undefined && this.#isStatic(node);
    const outputs = isStatic ? withoutTape(() => this.#compute(node)) : this.#compute(node);
    const loose = !isStatic && this.#shapeDependsOnNumbers(node);
    for (const [index, value] of outputs.entries()) {
      if (value === undefined) continue;
      const name = node.outputs[index] ?? "";
      // What is fed counts, also where its node had to be computed for another output.
      if (name === "" || this.#options.feeds.has(name)) value.dispose();
      else this.#keep(name, value, isStatic, loose);
    }
    for (const name of [...node.inputs, ...node.captures]) this.#release(name);
    for (const name of node.outputs) if (!this.#readers.has(name)) this.#free(name);
    return isStatic;
  }

  #keep(name: string, value: Value, isStatic: boolean, loose: boolean): void {
    if (loose) this.#loose.add(name);
    if (isStatic) {
      this.#statics.set(name, value.asConstant());
      value.dispose();
    } else {
      this.#made.set(name, value);
    }
    this.#options.visit?.(name, this.get(name), isStatic);
  }

  #compute(node: OnnxNode): readonly (Value | undefined)[] {
    return computeNode(
      node,
      (name) => this.get(name),
      (graph) => this.#runGraph(graph, (name) => this.get(name)),
    );
  }

  /** A graph inside a node; `outer` gives the values around it. The values that it puts out are the caller's. */
  #runGraph(graph: OnnxGraph, outer: (name: string) => Value): Value[] {
    const constants = this.#options.innerConstants(graph);
    const made = new Map<string, Value>();
    const find = (name: string): Value => made.get(name) ?? constants.get(name) ?? outer(name);
    try {
      for (const node of graph.nodes) {
        const outputs = computeNode(node, find, (inner) => this.#runGraph(inner, find));
        for (const [index, value] of outputs.entries()) {
          const name = node.outputs[index] ?? "";
          if (name === "") value?.dispose();
          else if (value !== undefined) made.set(name, value);
        }
      }
      return graph.outputs.map((name) => Value.of(tf.keep(tf.clone(find(name).plain()))));
    } finally {
      for (const value of made.values()) value.dispose();
    }
  }

  #isStatic(node: OnnxNode): boolean {
    const operator = requireOperator(node);
    const inputs = node.inputs.filter((name) => name !== "");
    if (operator.readsShapeOnly === true) return inputs.every((name) => !this.#loose.has(name));
    return [...inputs, ...node.captures].every((name) => this.#isFixed(name));
  }

  #isFixed(name: string): boolean {
    return this.#statics.has(name) || (this.#options.constants.has(name) && !this.#options.feeds.has(name));
  }

  #shapeDependsOnNumbers(node: OnnxNode): boolean {
    const { shapeInputs = [], readsShapeOnly } = requireOperator(node);
    if (readsShapeOnly === true) return false;
    const read = shapeInputs.map((index) => node.inputs[index] ?? "").filter((name) => name !== "");
    const graphs = node.attributes.graphs().length > 0;
    return graphs || read.some((name) => !this.#isFixed(name)) || node.inputs.some((name) => this.#loose.has(name));
  }

  #release(name: string): void {
    const left = (this.#readers.get(name) ?? 1) - 1;
    this.#readers.set(name, left);
    if (left <= 0) this.#free(name);
  }

  #free(name: string): void {
    this.#made.get(name)?.dispose();
    this.#made.delete(name);
  }
}

/** Runs one operator; what is made on the way is freed, what a gradient meets is tied to the node's name. */
export function computeNode(
  node: OnnxNode,
  find: (name: string) => Value,
  runGraph: (graph: OnnxGraph) => Value[],
): readonly (Value | undefined)[] {
  const operator = requireOperator(node);
  const inputs = node.inputs.map((name) => (name === "" ? undefined : find(name)));
  const start = tapeLength();
  let outputs: readonly (Value | undefined)[] = [];
  try {
    tf.tidy(() => {
      const result = operator.run(new OpContext(node, inputs, runGraph));
      outputs = result instanceof Value ? [result] : result;
      for (const value of outputs) for (const tensor of value?.tensors() ?? []) tf.keep(tensor);
    });
  } catch (cause) {
    throw named(cause, node);
  }
  // A graph inside has tied its own.
  if (isRecording()) {
    if (node.attributes.graphs().length === 0) guardTape(start, () => nodeLabel(node));
    else traceTape(start);
  }
  return outputs;
}

/** The id under which a node's value can be fetched. */
function nodeLabel(node: OnnxNode): string {
  return node.outputs.find((name) => name !== "") ?? node.name;
}

function named(cause: unknown, node: OnnxNode): unknown {
  const known = fromTensorError(cause);
  if (known instanceof PathlightError || !(known instanceof Error)) return known;
  return unsupportedShape(
    `The node ${node.name} (${node.op}) cannot be computed from what arrives there: ${known.message}`,
    "values that fit the operator",
    `inputs ${node.inputs.join(", ")}`,
    "Check the sample's shape; if it is right, export the model again.",
  );
}
