import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { OnnxExecutor } from "../../../../src/models/onnx/executor.ts";
import { foldConstants } from "../../../../src/models/onnx/foldConstants.ts";
import { buildGraph } from "../../../../src/models/onnx/read/buildGraph.ts";
import { decodeModel } from "../../../../src/models/onnx/read/decodeProto.ts";
import { Value } from "../../../../src/models/onnx/value.ts";
import { useBackend } from "../backends.ts";
import { encode, graphMessage, halfBits, onnxBytes, type TestNode } from "./support/onnxBytes.ts";

const values = [0.5, -1.25, 3, 0.099975586, -7.5, 1024, 6.1035156e-5, 0];
const shape = [4, 2];
const x = [0.3, -0.7, 1.1, 2.5];
const io = {
  inputs: [{ name: "x", type: "float", shape: ["batch", 4] }],
  outputs: [{ name: "y", type: "float" }],
} as const;
const product: TestNode = { op: "MatMul", inputs: ["x", "w"], outputs: ["y"] };

/** What onnxruntime makes of the file, and what stands here of it after its constants have been folded. */
async function both(bytes: Uint8Array): Promise<{ expected: number[]; found: number[]; nodes: number }> {
  // Optimised, it would multiply in integers and round on the way.
  const options = { logSeverityLevel: 4, graphOptimizationLevel: "disabled" } as const;
  const session = await InferenceSession.create(bytes, options);
  const result = await session.run({ x: new Tensor("float32", Float32Array.from(x), [1, 4]) });
  await useBackend("cpu");
  const before = tf.memory().numTensors;
  const { graph, constants } = foldConstants(buildGraph("test.onnx", decodeModel("test.onnx", bytes), new Map()));
  const executor = new OnnxExecutor(graph, constants);
  const found = tf.tidy(() => {
    const [y] = executor.run(new Map([["x", Value.of(tf.tensor2d([x]))]]), ["y"]);
    return Array.from(y?.dataSync() ?? []);
  });
  executor.dispose();
  assert.equal(tf.memory().numTensors, before, "no tensor is left");
  return { expected: Array.from(result["y"]?.data as Float32Array), found, nodes: graph.nodes.length };
}

function close(found: readonly number[], expected: readonly number[]): void {
  assert.equal(found.length, expected.length);
  found.forEach((value, i) => {
    const other = expected[i] ?? Number.NaN;
    assert.ok(Math.abs(value - other) <= 1e-6 * Math.max(1, Math.abs(other)), `${value}, not ${other}`);
  });
}

/** A model whose weight stands in a field of its own type instead of raw bytes. */
function typedField(tensor: object, toFloat: boolean): Uint8Array {
  const nodes: TestNode[] = toFloat
    ? [{ op: "Cast", inputs: ["stored"], outputs: ["w"], attributes: { to: 1 } }, product]
    : [product];
  const name = toFloat ? "stored" : "w";
  const graph = { ...graphMessage({ nodes, ...io }), initializer: [{ name, dims: shape, ...tensor }] };
  return encode("ModelProto", { irVersion: 8, opsetImport: [{ domain: "", version: 13 }], graph });
}

test("half-precision weights, cast in the graph, are folded", async () => {
  const cast: TestNode = { op: "Cast", inputs: ["half"], outputs: ["w"], attributes: { to: 1 } };
  const constants = { half: { type: "float16", shape, data: values } } as const;
  const { expected, found, nodes } = await both(onnxBytes({ nodes: [cast, product], ...io, constants }, 13));
  close(found, expected);
  assert.equal(nodes, 1, "only the product is left");
});

test("weights as integers with a scale and a zero point for each column are folded", async () => {
  const dequantize: TestNode = {
    op: "DequantizeLinear",
    inputs: ["q", "scale", "zero"],
    outputs: ["w"],
    attributes: { axis: 1 },
  };
  const constants = {
    q: { type: "int8", shape, data: [-128, 127, 5, -3, 0, 64, -77, 12] },
    scale: { type: "float", shape: [2], data: [0.02, 0.5] },
    zero: { type: "int8", shape: [2], data: [3, -4] },
  } as const;
  const { expected, found, nodes } = await both(onnxBytes({ nodes: [dequantize, product], ...io, constants }, 13));
  close(found, expected);
  assert.equal(nodes, 1, "only the product is left");
});

test("weights in fields of their own type: float, double, half by its bits, 32- and 64-bit integers", async () => {
  const fields: readonly (readonly [object, boolean])[] = [
    [{ dataType: 1, floatData: values }, false],
    [{ dataType: 11, doubleData: values }, true],
    [{ dataType: 10, int32Data: values.map(halfBits) }, true],
    [{ dataType: 6, int32Data: [3, -1, 4, 1, -5, 9, 2, 6] }, true],
    [{ dataType: 7, int64Data: [3, -1, 4, 1, -5, 9, 2, 6] }, true],
    [{ dataType: 9, int32Data: [1, 0, 0, 1, 1, 1, 0, 0] }, true],
  ];
  for (const [tensor, toFloat] of fields) {
    const { expected, found } = await both(typedField(tensor, toFloat));
    close(found, expected);
  }
});
