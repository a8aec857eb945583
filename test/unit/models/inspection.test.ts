import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { gradientObstacles } from "../../../src/models/gradientObstacles.ts";
import { knownGraphOps } from "../../../src/models/graph/knownGraphOps.ts";
import { loadModel } from "../../../src/models/loadModel.ts";
import { outlineModel } from "../../../src/models/outlineModel.ts";
import { usableBackends, useBackend } from "./backends.ts";
import { digitsGraph } from "./graphFixtures.ts";
import { constant, placeholder, readFileWeights, writeGraphModel } from "./modelFiles.ts";
import { saveLayers } from "./savedLayers.ts";

const digits = new URL("../../fixtures/oracle/digits/model", import.meta.url).pathname;
const texts = new URL("../../fixtures/oracle/text/model", import.meta.url).pathname;
await usableBackends();
await useBackend("wasm");

/** Shared and nested layers, a recurrent one, batch normalisation. */
function mixedModel(): tfl.LayersModel {
  const inner = tfl.sequential({
    name: "inner",
    layers: [tfl.layers.dense({ units: 4, inputShape: [3], activation: "relu", name: "first" })],
  });
  const shared = tfl.layers.dense({ units: 3, name: "shared" });
  const input = tfl.input({ shape: [5, 3], name: "in" });
  const rows = tfl.layers.batchNormalization({ name: "norm" }).apply(input) as tfl.SymbolicTensor;
  const last = tfl.layers.lstm({ units: 3, name: "memory" }).apply(rows) as tfl.SymbolicTensor;
  const twice = shared.apply(shared.apply(last)) as tfl.SymbolicTensor;
  return tfl.model({ inputs: input, outputs: inner.apply(twice) as tfl.SymbolicTensor });
}

test("parameters of the nodes add up to the model's, each layer counted once", async () => {
  const graph = digitsGraph(readFileWeights(digits), true);
  for (const place of [digits, texts, await saveLayers(mixedModel()), graph]) {
    const { model } = await loadModel(place);
    const sum = model.nodes.reduce((total, node) => total + (node.parameters ?? 0), 0);
    assert.equal(sum, model.parameterCount, place);
    model.dispose();
  }
});

test("parameters stand where they are used", async () => {
  const { model } = await loadModel(await saveLayers(mixedModel()));
  const counts = Object.fromEntries(
    model.nodes.flatMap(({ id, parameters }) => (parameters ? [[id, parameters]] : [])),
  );
  // Batch normalisation 4·3; LSTM 4·(3·3 + 3·3 + 3); dense 3·3 + 3, at its first use; dense 3·4 + 4.
  assert.deepEqual(counts, { norm: 12, memory: 84, shared: 12, "inner/first:pre": 16 });
  model.dispose();
});

test("a model without obstacles has none, and nothing is left behind", async () => {
  for (const place of [digits, texts, await saveLayers(mixedModel())]) {
    const { model } = await loadModel(place);
    const before = tf.memory().numTensors;
    assert.deepEqual(gradientObstacles(model), { tried: true, nodes: [] }, place);
    assert.equal(tf.memory().numTensors, before);
    model.dispose();
  }
});

/** x → Abs → Round → (its values) + cumulative product of x, so that two nodes stop the gradient, one before the other. */
function stoppedGraph(extra: readonly { name: string; op: string; input: string[] }[] = []): string {
  return writeGraphModel(
    [
      placeholder("x", [-1, 6]),
      { name: "abs", op: "Abs", input: ["x"] },
      { name: "floor", op: "Floor", input: ["abs"] },
      { name: "square", op: "Square", input: ["floor"] },
      { name: "round", op: "Round", input: ["square"] },
      { name: "top", op: "Cumprod", input: ["x", "axis"], attr: { exclusive: { b: false }, reverse: { b: false } } },
      { name: "sum", op: "Sum", input: ["round", "axis"], attr: { keep_dims: { b: true } } },
      { name: "out", op: "AddV2", input: ["sum", "top"] },
      // Whole numbers on the side, which reach no output, stop nothing.
      { name: "shape", op: "Shape", input: ["abs"] },
      ...extra,
    ],
    [constant("axis", [1], [])],
  );
}

test("nodes that the gradient cannot pass are all named, those behind one another too", async () => {
  const { model } = await loadModel(stoppedGraph());
  const before = tf.memory().numTensors;
  const found = gradientObstacles(model);
  assert.ok(found.tried);
  assert.deepEqual(found.nodes.map(({ node }) => node).sort(), ["floor", "round", "top"]);
  assert.equal(tf.memory().numTensors, before);
  // Looking has not changed how an explanation refuses.
  assert.throws(
    () => tf.grad((x) => tf.sum(model.evaluate(new Map([["x", x]]), ["out"])[0] ?? x))(tf.ones([1, 6])),
    /cannot pass/,
  );
  model.dispose();
});

test("ops of the graph executor are known without building the graph", () => {
  const known = knownGraphOps(["Conv2D", "FancyOp", "StridedSlice", "Switch"]);
  assert.deepEqual([...known].sort(), ["Conv2D", "StridedSlice", "Switch"]);
});

test("a graph with unknown ops is outlined: where they stand, what goes in and out, parameters", async () => {
  const folder = stoppedGraph([
    { name: "block/fancy", op: "FancyOp", input: ["sum"] },
    { name: "block/loop", op: "Switch", input: ["sum", "sum"] },
  ]);
  await assert.rejects(loadModel(folder), /FancyOp/);
  const outline = await outlineModel(folder);
  assert.ok(outline);
  assert.equal(outline.format, "tfjs-graph");
  assert.deepEqual(
    outline.nodes.filter(({ supported }) => !supported).map(({ id, op }) => [id, op]),
    [
      ["block/fancy", "FancyOp"],
      ["block/loop", "Switch"],
    ],
  );
  assert.deepEqual(
    outline.inputs.map(({ id, shape, dtype }) => [id, shape, dtype]),
    [["x", [null, 6], "float32"]],
  );
  assert.deepEqual(
    outline.outputs.map(({ id }) => id),
    ["out", "shape", "block/fancy", "block/loop"],
  );
});

test("a graph that can be built has the same nodes, inputs, outputs and parameters in its outline", async () => {
  const folder = digitsGraph(readFileWeights(digits), true);
  const { model } = await loadModel(folder);
  const outline = await outlineModel(folder);
  assert.ok(outline);
  assert.deepEqual(new Set(outline.nodes.map(({ id }) => id)), new Set(model.nodes.map(({ id }) => id)));
  assert.deepEqual(
    outline.inputs.map(({ id, shape }) => [id, shape]),
    model.inputs.map(({ id, shape }) => [id, shape]),
  );
  assert.deepEqual(
    outline.outputs.map(({ id }) => id),
    model.outputs.map(({ id }) => id),
  );
  assert.equal(outline.parameterCount, model.parameterCount);
  const sum = outline.nodes.reduce((total, node) => total + (node.parameters ?? 0), 0);
  assert.equal(sum, model.parameterCount);
  model.dispose();
});

test("layers that nobody knows are outlined with their place in nested models, also without the weights", async () => {
  const folder = await saveLayers(mixedModel());
  const file = join(folder, "model.json");
  const text = readFileSync(file, "utf8").replace('"class_name":"LSTM"', '"class_name":"Liquid"');
  writeFileSync(file, text);
  rmSync(join(folder, "weights.bin"));
  const outline = await outlineModel(folder);
  assert.ok(outline);
  assert.deepEqual(
    outline.nodes.filter(({ supported }) => !supported).map(({ id, op }) => [id, op]),
    [["memory", "Liquid"]],
  );
  assert.ok(outline.nodes.some(({ id, parameters }) => id === "inner/first" && parameters === 16));
  assert.deepEqual(
    outline.inputs.map(({ id, shape }) => [id, shape]),
    [["in", [null, 5, 3]]],
  );
  assert.equal(outline.parameterCount, 124);
  assert.deepEqual(
    outline.files.map((each) => each.slice(folder.length + 1)),
    ["model.json", "weights.bin"],
  );
});
