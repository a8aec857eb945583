import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { OnnxExecutor } from "../../../../../src/models/onnx/executor.ts";
import { buildGraph } from "../../../../../src/models/onnx/read/buildGraph.ts";
import { decodeModel } from "../../../../../src/models/onnx/read/decodeProto.ts";
import { toConstants } from "../../../../../src/models/onnx/toConstants.ts";
import { Value } from "../../../../../src/models/onnx/value.ts";
import { assertGradient, type DifferenceOptions } from "../../finiteDifferences.ts";
import {
  type ElementName,
  halfBits,
  onnxBytes,
  type TestAttribute,
  type TestGraph,
  type TestTensor,
} from "./onnxBytes.ts";

/** One node of a model: what it is given, and what is asked of it. */
export interface OperatorCase {
  readonly op: string;
  readonly opset: number;
  readonly domain?: string;
  /** In the order of the node's inputs; null where an optional one is left out. */
  readonly inputs: readonly (TestTensor | null)[];
  /** Places of the inputs that are weights of the model, not fed. */
  readonly constant?: readonly number[];
  readonly attributes?: Readonly<Record<string, TestAttribute>>;
  /** Element types of the outputs; default one float. */
  readonly outputs?: readonly ElementName[];
  /** Of the largest value; default 1e-5. */
  readonly tolerance?: number;
}

export function operatorGraph({
  op,
  domain,
  inputs,
  constant = [],
  attributes,
  outputs = ["float"],
}: OperatorCase): TestGraph {
  const names = inputs.map((input, index) => (input === null ? "" : `x${index}`));
  const fed = inputs.flatMap((input, index) =>
    input === null || constant.includes(index)
      ? []
      : [{ name: `x${index}`, type: input.type, shape: input.shape.map((_, axis) => `x${index}_${axis}`) }],
  );
  const constants = Object.fromEntries(
    constant.flatMap((index) => {
      const input = inputs[index];
      return input === null || input === undefined ? [] : [[`x${index}`, input] as const];
    }),
  );
  return {
    nodes: [
      {
        op,
        inputs: names,
        outputs: outputs.map((_, index) => `y${index}`),
        ...(domain === undefined ? {} : { domain }),
        ...(attributes === undefined ? {} : { attributes }),
      },
    ],
    inputs: fed,
    outputs: outputs.map((type, index) => ({ name: `y${index}`, type })),
    constants,
  };
}

export interface Outputs {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** What onnxruntime computes. */
export async function reference(
  graph: TestGraph,
  opset: number,
  feeds: Readonly<Record<string, TestTensor>>,
): Promise<Outputs[]> {
  const session = await InferenceSession.create(onnxBytes(graph, opset), { logSeverityLevel: 4 });
  const given = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, ortTensor(tensor)]));
  const result = await session.run(given);
  return graph.outputs.map(({ name }) => {
    const output = result[name];
    if (output === undefined) throw new Error(`onnxruntime gave no ${name}`);
    return { shape: output.dims, data: Array.from(output.data as ArrayLike<number | bigint>, Number) };
  });
}

/** What this project computes, on the current backend. */
export function computed(graph: TestGraph, opset: number, feeds: Readonly<Record<string, TestTensor>>): Outputs[] {
  const before = tf.memory().numTensors;
  const executor = executorOf(graph, opset);
  try {
    return tf.tidy(() => {
      const given = new Map(Object.entries(feeds).map(([name, tensor]) => [name, Value.of(tfTensor(tensor))]));
      const outputs = executor.run(
        given,
        graph.outputs.map(({ name }) => name),
      );
      return outputs.map((output) => ({ shape: output.shape, data: Array.from(output.dataSync(), Number) }));
    });
  } finally {
    executor.dispose();
    assert.equal(tf.memory().numTensors, before, "no tensor is left");
  }
}

export function executorOf(graph: TestGraph, opset: number): OnnxExecutor {
  const built = buildGraph("test.onnx", decodeModel("test.onnx", onnxBytes(graph, opset)), new Map());
  return new OnnxExecutor(built, toConstants(built));
}

export function tfTensor({ type, shape, data }: TestTensor): tf.Tensor {
  const dtype = type === "bool" ? "bool" : type.includes("int") ? "int32" : "float32";
  // As a constant of the model is read: the largest numbers saturated.
  const values = dtype === "int32" ? data.map((each) => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, each))) : data;
  return tf.tensor([...values], [...shape], dtype);
}

function ortTensor({ type, shape, data }: TestTensor): Tensor {
  switch (type) {
    case "int64":
      return new Tensor(
        "int64",
        BigInt64Array.from(data, (value) => BigInt(value)),
        shape,
      );
    case "float":
      return new Tensor("float32", Float32Array.from(data), shape);
    case "double":
      return new Tensor("float64", Float64Array.from(data), shape);
    case "float16":
      return new Tensor("float16", Uint16Array.from(data, halfBits), shape);
    case "int32":
      return new Tensor("int32", Int32Array.from(data), shape);
    case "int8":
      return new Tensor("int8", Int8Array.from(data), shape);
    case "uint8":
      return new Tensor("uint8", Uint8Array.from(data), shape);
    case "bool":
      return new Tensor("bool", Uint8Array.from(data), shape);
  }
}

/** Compares with onnxruntime on the current backend: shapes exactly, values to the tolerance, NaN with NaN only. */
export async function assertLikeReference(operatorCase: OperatorCase): Promise<void> {
  const graph = operatorGraph(operatorCase);
  const feeds = feedsOf(operatorCase);
  const expected = await reference(graph, operatorCase.opset, feeds);
  assertClose(computed(graph, operatorCase.opset, feeds), expected, operatorCase.tolerance ?? 1e-5);
}

export function assertClose(actual: readonly Outputs[], expected: readonly Outputs[], tolerance: number): void {
  for (const [k, { shape, data }] of expected.entries()) {
    const found = actual[k];
    assert.deepEqual(found?.shape, [...shape], `shape of output ${k}`);
    const scale = data.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
    for (const [i, value] of data.entries()) {
      const other = found?.data[i] ?? Number.NaN;
      const same = Object.is(value, other) || Math.abs(value - other) <= tolerance * Math.max(scale, 1e-6);
      assert.ok(same, `output ${k}, value ${i}: ${other}, onnxruntime ${value} (largest ${scale})`);
    }
  }
}

/** Finite differences, forward passes only, of the first output with respect to input `index`. */
export function assertOperatorGradient(
  operatorCase: OperatorCase,
  index = 0,
  differences: DifferenceOptions = {},
): void {
  const graph = operatorGraph(operatorCase);
  const executor = executorOf(graph, operatorCase.opset);
  const feeds = feedsOf(operatorCase);
  const held = new Map(
    Object.entries(feeds).flatMap(([name, tensor]) =>
      name === `x${index}` ? [] : [[name, tfTensor(tensor)] as const],
    ),
  );
  const input = operatorCase.inputs[index];
  if (input === null || input === undefined) throw new Error(`no input ${index}`);
  const x = tfTensor(input);
  try {
    assertGradient(
      (at) => {
        const given = new Map([...held].map(([name, tensor]) => [name, Value.of(tensor)]));
        const [y] = executor.run(given.set(`x${index}`, Value.of(at)), ["y0"]);
        if (y === undefined) throw new Error("no output");
        return y;
      },
      x,
      { step: 3e-3, ...differences },
    );
  } finally {
    executor.dispose();
    tf.dispose([x, ...held.values()]);
  }
}

export function feedsOf({ inputs, constant = [] }: OperatorCase): Record<string, TestTensor> {
  return Object.fromEntries(
    inputs.flatMap((input, index) =>
      input === null || constant.includes(index) ? [] : [[`x${index}`, input] as const],
    ),
  );
}
