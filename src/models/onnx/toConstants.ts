import * as tf from "@tensorflow/tfjs-core";
import { withoutTape } from "../tape.ts";
import type { OnnxGraph } from "./onnxGraph.ts";
import type { HostTensor } from "./read/hostTensor.ts";
import { Value } from "./value.ts";

/** The constants of a graph on the backend. They live until they are disposed. */
export function toConstants(graph: OnnxGraph): Map<string, Value> {
  return new Map([...graph.constants].map(([name, host]) => [name, constantOf(host)]));
}

export function constantOf({ data, shape, dtype }: HostTensor): Value {
  return Value.constant(withoutTape(() => tf.tensor(data, [...shape], dtype)));
}
