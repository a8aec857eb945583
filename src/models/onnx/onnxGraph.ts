import type { Attributes } from "./attributes.ts";
import type { HostTensor } from "./read/hostTensor.ts";

export interface OnnxNode {
  /** Unique in the model, for people. */
  readonly name: string;
  /** `Conv`; with its domain before it where that is not ONNX's own. */
  readonly op: string;
  /** Version of the operator set that the node is written in. */
  readonly version: number;
  /** Values that the node reads; empty where an optional one is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
  /** Values that graphs among the attributes read from the graph around them. */
  readonly captures: readonly string[];
}

export interface OnnxInput {
  readonly name: string;
  /** The name of a side, or an empty text, where it is free; undefined where the file says nothing. */
  readonly shape: readonly (number | string)[] | undefined;
  readonly dtype: HostTensor["dtype"];
}

/** A graph as it is computed: functions are written out, every node comes after what it reads. */
export interface OnnxGraph {
  readonly inputs: readonly OnnxInput[];
  readonly outputs: readonly string[];
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, HostTensor>;
}
