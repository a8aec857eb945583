import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../src/common/errors.ts";
import { nonFiniteGradient } from "../../../src/engine/nonFiniteGradient.ts";
import type { DifferentiableModel } from "../../../src/engine/port.ts";
import { loadModel } from "../../../src/models/loadModel.ts";
import { usableBackends, useBackend } from "./backends.ts";
import { assertGradient, spacedValues } from "./finiteDifferences.ts";
import { digitsGraph, textGraph } from "./graphFixtures.ts";
import { constant, placeholder, readFileWeights, writeGraphModel } from "./modelFiles.ts";

const digitsFolder = new URL("../../fixtures/oracle/digits/model", import.meta.url).pathname;
const textFolder = new URL("../../fixtures/oracle/text/model", import.meta.url).pathname;
const digitsWeights = readFileWeights(digitsFolder);
const textWeights = readFileWeights(textFolder);
const tokens = () => tf.tensor2d([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 39]], [1, 16], "int32");

function value(model: DifferentiableModel, from: string, x: tf.Tensor, to: string): tf.Tensor {
  const [result] = model.evaluate(new Map([[from, x]]), [to]);
  assert.ok(result !== undefined);
  return result;
}

function closeTo(actual: tf.Tensor, expected: tf.Tensor): void {
  assert.deepEqual(actual.shape, expected.shape);
  const size = Math.max(...expected.dataSync().map(Math.abs));
  const off = Math.max(...tf.sub(actual, expected).dataSync().map(Math.abs));
  assert.ok(off <= 1e-5 * size, `off by ${off} of ${size}`);
}

for (const backend of await usableBackends()) {
  for (const fused of [false, true]) {
    test(`${backend}: digits as a graph${fused ? " of fused ops" : ""}: values, gradients and inner nodes`, async () => {
      await useBackend(backend);
      const layers = (await loadModel(digitsFolder)).model;
      const graph = (await loadModel(digitsGraph(digitsWeights, fused))).model;
      const x = spacedValues([2, 8, 8, 1], 3, 0.01);
      tf.tidy(() => {
        closeTo(value(graph, "image", x, "logits"), value(layers, "conv1_input", x, "logits"));
        closeTo(value(graph, "image", x, "relu2"), value(layers, "conv1_input", x, "relu2"));
        const inner = value(graph, "image", x, "relu2");
        closeTo(value(graph, "relu2", inner, "logits"), value(graph, "image", x, "logits"));
      });
      assert.deepEqual(graph.heads, [{ output: "output", activation: "softmax", logit: "logits" }]);
      assert.equal(graph.parameterCount, layers.parameterCount);
      assert.deepEqual(graph.nodes.find((node) => node.id === "relu2")?.shape, [null, 4, 4, 32]);
      // 1e-3 keeps the steps on one side of the network's kinks.
      const still = spacedValues([1, 8, 8, 1], 4, 0.013);
      assertGradient((each) => value(graph, "image", each, "output"), still, { step: 1e-4 });
      tf.dispose([x, still]);
      graph.dispose();
      layers.dispose();
    });
  }

  for (const lookup of ["gather", "one-hot"] as const) {
    test(`${backend}: text as a graph, ids by ${lookup}: the embedding is found and differentiates`, async () => {
      await useBackend(backend);
      const layers = (await loadModel(textFolder)).model;
      const graph = (await loadModel(textGraph(textWeights, lookup))).model;
      const ids = tokens();
      assert.deepEqual(graph.embeddings, [{ input: "ids", node: "embedding", vocabularySize: 40, dimensions: 12 }]);
      tf.tidy(() => {
        closeTo(value(graph, "ids", ids, "logits"), value(layers, "embedding_input", ids, "logits"));
        closeTo(value(graph, "ids", ids, "embedding"), value(layers, "embedding_input", ids, "embedding"));
      });
      const embedded = value(graph, "ids", ids, "embedding");
      assertGradient((each) => value(graph, "embedding", each, "logits"), embedded, { step: 1e-3 });
      tf.dispose([ids, embedded]);
      graph.dispose();
      layers.dispose();
    });
  }
}

test("a path through integers is refused with the node's name, and frees its tensors", async () => {
  await useBackend("cpu");
  const { model } = await loadModel(textGraph(textWeights, "gather"));
  const x = tf.cast(tokens(), "float32");
  const before = tf.memory().numTensors;
  for (let run = 0; run < 2; run++) {
    assert.throws(
      () => tf.tidy(() => tf.grad((each) => tf.sum(value(model, "ids", each, "logits")))(x)),
      (error) =>
        error instanceof PathlightError && error.code === "model-not-differentiable" && /embedding/.test(error.message),
    );
  }
  assert.equal(tf.memory().numTensors, before);
  model.dispose();
});

/** x → op → times 2, so that something differentiable follows. */
function around(op: string, attr: Record<string, unknown> = {}, more: string[] = []): string {
  return writeGraphModel(
    [
      placeholder("x", [-1, 4]),
      { name: "inner", op, input: ["x", ...more], attr },
      { name: "float", op: "Cast", input: ["inner"], attr: { DstT: { type: "DT_FLOAT" } } },
      { name: "y", op: "Mul", input: ["float", "two"] },
    ],
    [
      { name: "two", shape: [], values: Float32Array.of(2) },
      { name: "zero", shape: [], values: Float32Array.of(0) },
    ],
  );
}

test("steps, comparisons and casts to integers are refused by name, never a silent zero", async () => {
  await useBackend("cpu");
  const cases: [string, string][] = [
    ["Round", around("Round")],
    ["Floor", around("Floor")],
    ["Sign", around("Sign")],
    ["Greater", around("Greater", {}, ["zero"])],
    ["Cast", around("Cast", { DstT: { type: "DT_INT32" } })],
    ["FloorDiv", around("FloorDiv", {}, ["two"])],
  ];
  for (const [op, folder] of cases) {
    const { model } = await loadModel(folder);
    const x = tf.tensor2d([[0.4, -1.2, 2.6, 0.9]]);
    assert.throws(
      () => tf.grad((each) => tf.sum(value(model, "x", each, "y")))(x),
      (error) =>
        error instanceof PathlightError &&
        error.code === "model-not-differentiable" &&
        /node inner /.test(error.message),
      op,
    );
    tf.dispose(x);
    model.dispose();
  }
});

test("a comparison that only chooses is passed", async () => {
  await useBackend("cpu");
  const folder = writeGraphModel(
    [
      placeholder("x", [-1, 4]),
      { name: "positive", op: "Greater", input: ["x", "zero"] },
      { name: "square", op: "Square", input: ["x"] },
      { name: "y", op: "SelectV2", input: ["positive", "square", "x"] },
    ],
    [{ name: "zero", shape: [], values: Float32Array.of(0) }],
  );
  const { model } = await loadModel(folder);
  const x = tf.tensor2d([[0.4, -1.2, 2.6, -0.9]]);
  assertGradient((each) => value(model, "x", each, "y"), x, { step: 1e-3 });
  x.dispose();
  model.dispose();
});

test("where the fed node is no cut, the other inputs are asked for by name", async () => {
  await useBackend("cpu");
  const folder = writeGraphModel(
    [
      placeholder("a", [-1, 2]),
      placeholder("b", [-1, 2]),
      { name: "inner", op: "Mul", input: ["a", "a"] },
      { name: "y", op: "AddV2", input: ["inner", "b"] },
    ],
    [],
  );
  const { model } = await loadModel(folder);
  const x = tf.tensor2d([[1, 2]]);
  assert.throws(
    () => model.evaluate(new Map([["inner", x]]), ["y"]),
    (error) =>
      error instanceof PathlightError && error.code === "model-unsupported-shape" && /\bb\b/.test(error.message),
  );
  assert.throws(
    () => model.evaluate(new Map([["nowhere", x]]), ["y"]),
    (error) => error instanceof PathlightError && error.code === "model-node-unknown",
  );
  x.dispose();
  model.dispose();
});

test("an unknown op and a control-flow op are refused with the node's name", async () => {
  await useBackend("cpu");
  const before = tf.memory().numTensors;
  const unknown = writeGraphModel(
    [placeholder("x", [-1, 4]), { name: "deep/strange", op: "MyOwnOp", input: ["x"] }],
    [constant("unused", [1])],
  );
  await assert.rejects(
    loadModel(unknown),
    (error) =>
      error instanceof PathlightError &&
      error.code === "model-unknown-op" &&
      /MyOwnOp at deep\/strange/.test(error.details.found ?? ""),
  );
  assert.equal(tf.memory().numTensors, before);
  const flow = writeGraphModel(
    [
      placeholder("x", [-1, 4]),
      { name: "sum", op: "Sum", input: ["x", "axes"], attr: { keep_dims: { b: false } } },
      { name: "flag", op: "Greater", input: ["sum", "limit"] },
      { name: "gate", op: "Switch", input: ["x", "flag"] },
      { name: "y", op: "Relu", input: ["gate:1"] },
    ],
    [constant("axes", [0, 1]), { name: "limit", shape: [], values: Float32Array.of(1) }],
  );
  const { model } = await loadModel(flow);
  assert.throws(
    () => model.evaluate(new Map([["x", tf.zeros([1, 4])]]), ["y"]),
    (error) =>
      error instanceof PathlightError &&
      error.code === "model-unknown-op" &&
      /Switch at gate/.test(error.details.found ?? ""),
  );
  model.dispose();
});

test("where a gradient stops being finite is found on the way back from the score", async () => {
  await useBackend("cpu");
  const folder = writeGraphModel(
    [
      placeholder("x", [-1, 2]),
      { name: "left", op: "Tanh", input: ["x"] },
      { name: "square", op: "Square", input: ["x"] },
      { name: "root", op: "Sqrt", input: ["square"] },
      { name: "sum", op: "AddV2", input: ["left", "root"] },
      { name: "y", op: "Tanh", input: ["sum"] },
    ],
    [],
  );
  const { model } = await loadModel(folder);
  const [zeros, ones] = [tf.zeros([1, 2]), tf.ones([1, 2])];
  const before = tf.memory().numTensors;
  const target = { fetch: "y", index: 0, link: "identity" } as const;
  assert.deepEqual(nonFiniteGradient(model, new Map([["x", zeros]]), target), { at: "square", behind: "root" });
  assert.equal(nonFiniteGradient(model, new Map([["x", ones]]), target), null);
  assert.equal(tf.memory().numTensors, before);
  tf.dispose([zeros, ones]);
  model.dispose();
});
