import type * as tf from "@tensorflow/tfjs-core";
import { unsupportedShape } from "../disk/modelErrors.ts";
import type { Attributes } from "./attributes.ts";
import type { OnnxGraph, OnnxNode } from "./onnxGraph.ts";
import type { Value } from "./value.ts";

/** What an operator sees of its node. */
export class OpContext {
  readonly node: OnnxNode;
  readonly #inputs: readonly (Value | undefined)[];
  readonly #runGraph: (graph: OnnxGraph) => Value[];

  constructor(node: OnnxNode, inputs: readonly (Value | undefined)[], runGraph: (graph: OnnxGraph) => Value[]) {
    this.node = node;
    this.#inputs = inputs;
    this.#runGraph = runGraph;
  }

  get attributes(): Attributes {
    return this.node.attributes;
  }

  /** Version of the operator set. */
  get version(): number {
    return this.node.version;
  }

  get inputCount(): number {
    return this.#inputs.length;
  }

  /** How many outputs the node names; trailing ones may be left out. */
  get outputCount(): number {
    return this.node.outputs.length;
  }

  optional(index: number): Value | undefined {
    return this.#inputs[index];
  }

  value(index: number): Value {
    const value = this.#inputs[index];
    if (value !== undefined) return value;
    throw this.unsupported(`input ${index}`, "nothing there");
  }

  /** All inputs that are given. */
  values(): Value[] {
    return this.#inputs.filter((value) => value !== undefined);
  }

  /** Input with channels first, as ONNX has it. */
  tensor(index: number): tf.Tensor {
    return this.value(index).plain();
  }

  /** Numbers of an input that is there to be read: a shape, axes, sizes. */
  numbers(index: number): readonly number[] | undefined {
    return this.#inputs[index]?.numbers();
  }

  /** Numbers from an input or, in older operator sets, from an attribute of that name. */
  numbersOrAttribute(index: number, name: string): readonly number[] | undefined {
    return this.numbers(index) ?? this.attributes.numbers(name);
  }

  /** Runs a graph among the attributes, which sees the values around the node. */
  runGraph(graph: OnnxGraph): Value[] {
    return this.#runGraph(graph);
  }

  /** For a form of the operator that is not computed. */
  unsupported(expected: string, found: string): Error {
    const { op, name } = this.node;
    return unsupportedShape(
      `The operator ${op} at ${name} cannot be computed in this form.`,
      expected,
      found,
      "Export the model without it, or choose an output node before this one.",
    );
  }

  /** An axis that may count from the end; throws where the value has no such axis. */
  axis(axis: number, rank: number): number {
    const positive = axis < 0 ? axis + rank : axis;
    if (Number.isInteger(positive) && positive >= 0 && positive < Math.max(rank, 1)) return positive;
    throw this.unsupported(`an axis from ${-rank} to ${rank - 1}`, `axis ${axis}`);
  }
}
