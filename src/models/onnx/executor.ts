import * as tf from "@tensorflow/tfjs-core";
import { feedsMissing, unknownNode } from "../feedPlan.ts";
import { isRecording, rollbackTape, tapeLength } from "../tape.ts";
import { cacheFeeds, type EmptyCache } from "./emptyCaches.ts";
import type { OnnxGraph, OnnxNode } from "./onnxGraph.ts";
import { Run, type Statics, type Visit } from "./run.ts";
import { toConstants } from "./toConstants.ts";
import type { Value } from "./value.ts";

/** What of a graph is computed to get from some values to others. */
export interface Plan {
  readonly nodes: readonly OnnxNode[];
  readonly fetches: readonly string[];
}

/** As many pairs of feeds and fetches as are remembered: a look at every node of a large model makes thousands. */
const mostPlans = 64;

/** As many sets of shapes as are remembered for one pair of feeds and fetches; batches come in few sizes. */
const mostShapes = 8;

/**
 * Computes values of a graph from given ones. What depends on constants and on the shapes of the feeds alone (most of
 * the bookkeeping in an exported graph) is computed once for each set of shapes and is never recorded for a gradient;
 * every other value is freed after its last reader. Owns the constants and what it keeps between runs.
 */
export class OnnxExecutor {
  readonly #graph: OnnxGraph;
  readonly #constants: Map<string, Value>;
  readonly #caches: readonly EmptyCache[];
  readonly #producers = new Map<string, OnnxNode>();
  readonly #plans = new Map<string, { readonly plan: Plan; readonly statics: Map<string, Statics> }>();
  /** Constants of the graphs inside nodes, made when they are first run. */
  readonly #inner = new Map<OnnxGraph, Map<string, Value>>();

  /** `constants` become the executor's; `caches`: inputs that are always fed empty. */
  constructor(graph: OnnxGraph, constants: Map<string, Value>, caches: readonly EmptyCache[] = []) {
    this.#graph = graph;
    this.#caches = caches;
    this.#constants = constants;
    for (const node of graph.nodes) for (const output of node.outputs) this.#producers.set(output, node);
  }

  /**
   * The values `fetches`, channels first: new tensors, the caller's. `given` stay the caller's; `rows`: how
   * many samples they are. To be called inside `tf.tidy`. Throws `model-unsupported-shape` when other feeds are needed, naming them, and what operators throw.
   */
  run(
    given: ReadonlyMap<string, Value>,
    fetches: readonly string[],
    { rows = 1, visit }: { readonly rows?: number; readonly visit?: Visit | undefined } = {},
  ): tf.Tensor[] {
    const feeds = this.#caches.length === 0 ? given : new Map([...cacheFeeds(this.#caches, rows), ...given]);
    const { plan, statics } = this.#plan(feeds, fetches);
    const key = [...feeds].map(([name, { shape }]) => `${name}:${shape.join("x")}`).join(" ");
    const start = tapeLength();
    const run = new Run({
      plan,
      feeds,
      constants: this.#constants,
      statics: statics.get(key),
      innerConstants: (graph) => this.#innerConstants(graph),
      visit,
    });
    try {
      const found = run.execute();
      const values = fetches.map((name) => tf.clone(run.get(name).plain()));
      run.dispose();
      if (found !== undefined) remember(statics, key, found);
      return values;
    } catch (error) {
      run.disposeAll();
      if (isRecording()) rollbackTape(start);
      throw error;
    }
  }

  dispose(): void {
    for (const { statics } of this.#plans.values()) for (const set of statics.values()) disposeStatics(set);
    this.#plans.clear();
    for (const constants of [this.#constants, ...this.#inner.values()]) {
      for (const constant of constants.values()) constant.dispose();
      constants.clear();
    }
  }

  #plan(feeds: ReadonlyMap<string, Value>, fetches: readonly string[]): { plan: Plan; statics: Map<string, Statics> } {
    const key = JSON.stringify([[...feeds.keys()].sort(), fetches]);
    const known = this.#plans.get(key);
    if (known !== undefined) {
      this.#plans.delete(key);
      this.#plans.set(key, known);
      return known;
    }
    const needed = new Set<OnnxNode>();
    const missing = new Set<string>();
    const pending = [...fetches];
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (name === "" || feeds.has(name) || this.#constants.has(name)) continue;
      const node = this.#producers.get(name);
      if (node === undefined) {
        if (!this.#graph.inputs.some((input) => input.name === name)) throw unknownNode(name, this.#producers.keys());
        missing.add(name);
      } else if (!needed.has(node)) {
        needed.add(node);
        pending.push(...node.inputs, ...node.captures);
      }
    }
    if (missing.size > 0) throw feedsMissing([...missing], fetches, feeds.keys());
    const made = { plan: { nodes: this.#graph.nodes.filter((node) => needed.has(node)), fetches }, statics: new Map() };
    this.#plans.set(key, made);
    for (const [oldest, { statics }] of this.#plans) {
      if (this.#plans.size <= mostPlans) break;
      for (const set of statics.values()) disposeStatics(set);
      this.#plans.delete(oldest);
    }
    return made;
  }

  #innerConstants(graph: OnnxGraph): ReadonlyMap<string, Value> {
    const known = this.#inner.get(graph);
    if (known !== undefined) return known;
    const made = toConstants(graph);
    this.#inner.set(graph, made);
    return made;
  }
}

function remember(statics: Map<string, Statics>, key: string, found: Statics): void {
  statics.set(key, found);
  for (const [oldest, set] of statics) {
    if (statics.size <= mostShapes) return;
    disposeStatics(set);
    statics.delete(oldest);
  }
}

function disposeStatics({ values }: Statics): void {
  for (const value of values.values()) value.dispose();
}
