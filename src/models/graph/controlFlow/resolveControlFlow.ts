import type * as tf from "@tensorflow/tfjs-core";
import { attributesOf, dataInputs, type GraphDefNode, outputId, parseReference } from "../graphTopology.ts";
import { ConstantValues } from "./constantValues.ts";
import type { GraphFunction } from "./graphFunctions.ts";
import { TensorLists } from "./tensorLists.ts";

/** A loop longer than this, or a graph of more nodes, is left as it is, and refused where it is asked for. */
const MOST_ITERATIONS = 1000;
const MOST_NODES = 50_000;

/** Which output a name stands for, inside functions. */
const outputNames: Readonly<Record<string, readonly string[]>> = {
  TopKV2: ["values", "indices"],
  Switch: ["output_false", "output_true"],
  Merge: ["output", "value_index"],
  Unique: ["y", "idx"],
};

/**
 * Takes conditions apart whose outcome no input changes, and unrolls loops whose number of rounds none changes, lists of
 * tensors in them included: branch and body stand in the graph then, node for node, with the loop's or condition's name
 * before theirs. What an input decides stays as it is. The nodes come back in an order that runs, without those that
 * nothing needs any more; `outputs` are needed besides the graph's ends.
 */
export function resolveControlFlow(
  nodes: readonly GraphDefNode[],
  functions: ReadonlyMap<string, GraphFunction>,
  weights: ReadonlyMap<string, tf.Tensor>,
  outputs: readonly string[],
): GraphDefNode[] {
  const resolver = new Resolver(functions, weights);
  try {
    for (const node of inOrder(nodes)) resolver.add(node);
    const read = new Set(nodes.flatMap(dataInputs).map((input) => parseReference(input).node));
    const ends = nodes.filter(({ name }) => !read.has(name)).map(({ name }) => name);
    return needed(resolver.nodes, [...ends, ...outputs]);
  } finally {
    resolver.dispose();
  }
}

function needed(nodes: readonly GraphDefNode[], outputs: readonly string[]): GraphDefNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const found = new Set<string>();
  const pending = [...outputs, ...nodes.filter(({ op }) => op.startsWith("Placeholder")).map(({ name }) => name)];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const node = byName.get(name);
    if (node === undefined || found.has(name)) continue;
    found.add(name);
    for (const input of dataInputs(node)) pending.push(parseReference(input).node);
  }
  return nodes.filter(({ name }) => found.has(name));
}

export function hasControlFlow(nodes: readonly GraphDefNode[]): boolean {
  return nodes.some(({ op }) => /^(Stateless)?(If|While)$|^Switch$|^TensorList/.test(op));
}

class Resolver {
  readonly #nodes = new Map<string, GraphDefNode>();
  readonly #functions: ReadonlyMap<string, GraphFunction>;
  readonly #constants: ConstantValues;
  readonly #lists: TensorLists;
  /** What a reference to a resolved output reads instead. */
  readonly #aliases = new Map<string, string>();
  /** Outputs of a Switch that its condition never takes, and what hangs on them. */
  readonly #dead = new Set<string>();

  constructor(functions: ReadonlyMap<string, GraphFunction>, weights: ReadonlyMap<string, tf.Tensor>) {
    this.#functions = functions;
    this.#constants = new ConstantValues(this.#nodes, weights);
    this.#lists = new TensorLists((reference) => this.#constants.number(reference));
  }

  get nodes(): GraphDefNode[] {
    return [...this.#nodes.values()];
  }

  dispose(): void {
    this.#constants.dispose();
  }

  /** Adds a node whose inputs have been added, or what stands in its place. */
  add(original: GraphDefNode): void {
    const node = { ...original, input: (original.input ?? []).map((input) => this.#actual(input)) };
    const inputs = dataInputs(node);
    const isDead = (input: string): boolean => this.#dead.has(outputId(parseReference(input)));
    if (node.op === "Merge") {
      const alive = inputs.filter((input) => !isDead(input));
      const [only] = alive;
      if (alive.length === 1 && alive.length < inputs.length && only !== undefined) {
        this.#replace(node.name, [only]);
        return;
      }
    } else if (inputs.some(isDead)) {
      this.#dead.add(node.name);
    }
    if (node.op === "Switch") this.#resolveSwitch(node.name, inputs);
    if (/^(Stateless)?If$/.test(node.op) && this.#resolveIf(node, inputs)) return;
    if (/^(Stateless)?While$/.test(node.op) && this.#resolveWhile(node, inputs)) return;
    const replaced = this.#lists.resolve(node, inputs);
    // A node that makes a list stays for those who read it where nothing could be resolved.
    this.#put(replaced === undefined || replaced === "list" ? node : replaced);
  }

  #actual(input: string): string {
    // Order of side effects: there are none in an explanation, and the node may be gone.
    if (input.startsWith("^")) return input;
    const id = outputId(parseReference(input));
    return this.#aliases.get(id) ?? id;
  }

  #put(node: GraphDefNode): void {
    this.#nodes.set(node.name, { ...node, input: dataInputs(node) });
  }

  /** Lets the outputs of `name` be these references; the first stays there under the name itself. */
  #replace(name: string, outputs: readonly string[]): void {
    outputs.forEach((output, index) => {
      this.#lists.copy(output, outputId({ node: name, output: index }));
      if (index === 0) this.#put({ name, op: "Identity", input: [output] });
      else this.#aliases.set(`${name}:${index}`, output);
    });
  }

  #resolveSwitch(name: string, [data = "", condition = ""]: readonly string[]): void {
    const taken = this.#constants.number(condition);
    if (taken === undefined) return;
    const [alive, dead] = taken === 0 ? [0, 1] : [1, 0];
    this.#aliases.set(outputId({ node: name, output: alive }), data);
    this.#dead.add(outputId({ node: name, output: dead }));
  }

  #resolveIf(node: GraphDefNode, [condition = "", ...inputs]: readonly string[]): boolean {
    const taken = this.#constants.number(condition);
    if (taken === undefined) return false;
    const branch = this.#function(node, taken === 0 ? "else_branch" : "then_branch");
    if (branch === undefined) return false;
    this.#replace(node.name, this.#inline(node.name, branch, inputs));
    return true;
  }

  #resolveWhile(node: GraphDefNode, inputs: readonly string[]): boolean {
    const condition = this.#function(node, "cond");
    const body = this.#function(node, "body");
    if (condition === undefined || body === undefined) return false;
    const before = new Set(this.#nodes.keys());
    // Known once, they need not be computed in every round.
    for (const input of inputs) this.#constants.number(input);
    let values = inputs;
    for (let round = 0; round <= MOST_ITERATIONS && this.#nodes.size < MOST_NODES; round++) {
      const [goesOn = ""] = this.#inline(`${node.name}/cond_${round}`, condition, values);
      const again = this.#constants.number(goesOn);
      if (again === undefined) break;
      if (again === 0) {
        this.#replace(node.name, values);
        return true;
      }
      values = this.#inline(`${node.name}/${round}`, body, values);
      for (const value of values) this.#constants.number(value);
    }
    for (const name of [...this.#nodes.keys()]) if (!before.has(name)) this.#nodes.delete(name);
    return false;
  }

  #function(node: GraphDefNode, attribute: string): GraphFunction | undefined {
    const name = attributesOf(node)[attribute]?.func?.name;
    return name === undefined ? undefined : this.#functions.get(name);
  }

  /** Puts a function's nodes into the graph, their names behind `prefix`; returns what its outputs are. */
  #inline(prefix: string, body: GraphFunction, inputs: readonly string[]): string[] {
    const own = new Map(body.nodes.map((node) => [node.name, node]));
    const places = new Map(body.inputs.map((name, index) => [name, inputs[index] ?? name]));
    const outside = (reference: string): string => {
      const [name = "", label, index] = reference.split(":");
      const node = own.get(name);
      if (node === undefined) return places.get(name) ?? reference;
      const named = label === undefined ? -1 : (outputNames[node.op]?.indexOf(label) ?? -1);
      const output = named >= 0 ? named : Number(index ?? 0);
      return this.#actual(outputId({ node: node.op === "Const" ? name : `${prefix}/${name}`, output }));
    };
    for (const node of inOrder(body.nodes)) {
      const input = (node.input ?? []).filter((each) => !each.startsWith("^")).map(outside);
      // Constants are stored under their own names, once for all rounds.
      this.add({ ...node, name: node.op === "Const" ? node.name : `${prefix}/${node.name}`, input });
    }
    return body.outputs.map(outside);
  }
}

/** Every node after those it reads; nodes of a cycle where they stand. */
function inOrder(nodes: readonly GraphDefNode[]): GraphDefNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const order: GraphDefNode[] = [];
  const state = new Map<string, "open" | "done">();
  for (const root of nodes) {
    const stack = [root];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (state.get(top.name) === undefined) {
        state.set(top.name, "open");
        for (const { node } of dataInputs(top).map(parseReference)) {
          const input = byName.get(node);
          if (input !== undefined && !state.has(node)) stack.push(input);
        }
        continue;
      }
      stack.pop();
      if (state.get(top.name) === "done") continue;
      state.set(top.name, "done");
      order.push(top);
    }
  }
  return order;
}
