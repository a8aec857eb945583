import assert from "node:assert/strict";
import test from "node:test";
import { fileURLToPath } from "node:url";
import type { Tensor } from "@tensorflow/tfjs-core";
import { atomsOf } from "../../../../src/engine/neurons/atoms.ts";
import { LayerFlow } from "../../../../src/engine/neurons/cuts.ts";
import { layerMap, sumByNeuron } from "../../../../src/engine/neurons/layer.ts";
import { loadModel } from "../../../../src/models/loadModel.ts";
import { useBackend } from "../../models/backends.ts";
import { handModel } from "./handModel.ts";

const first = (values: Tensor[]): Tensor => values[0] as Tensor;
const graph = (edges: Readonly<Record<string, readonly string[]>>) =>
  handModel(
    Object.entries(edges).map(([id, inputs]) => ({
      id,
      inputs,
      shape: [1],
      ...(inputs.length === 0 ? {} : { compute: first }),
    })),
  );

test("cuts are the nodes that everything passes; the others are completed by what is read behind them", () => {
  const flow = new LayerFlow(
    graph({
      x: [],
      a: ["x"],
      b: ["a"],
      c: ["b"],
      sum: ["a", "c"],
      side: ["sum"],
      f: ["sum"],
    }),
    ["x"],
    ["f"],
  );
  assert.deepEqual(
    flow.nodes.map(({ spec, isCut }) => [spec.id, isCut]),
    [
      ["x", true],
      ["a", true],
      ["b", false],
      ["c", false],
      ["sum", true],
      ["f", true],
    ],
  );
  assert.deepEqual(flow.cutWith("b"), ["a", "b"]);
  assert.deepEqual(flow.cutWith("c"), ["a", "c"]);
  assert.deepEqual(flow.cutWith("side"), []);
});

test("with two explained inputs nothing before they meet is a cut", () => {
  const flow = new LayerFlow(graph({ x: [], a: ["x"], y: [], b: ["y"], f: ["a", "b"] }), ["x", "y"], ["f"]);
  assert.deepEqual(
    flow.nodes.filter(({ isCut }) => isCut).map(({ spec }) => spec.id),
    ["f"],
  );
  assert.deepEqual(flow.cutWith("a"), ["a", "y"]);
  assert.deepEqual(flow.cutWith("b"), ["a", "b"]);
  // One that is not explained does not move: nothing passes through it.
  const held = new LayerFlow(graph({ x: [], a: ["x"], y: [], b: ["y"], f: ["a", "b"] }), ["x"], ["f"]);
  assert.deepEqual(
    held.nodes.map(({ spec, isCut }) => [spec.id, isCut]),
    [
      ["x", true],
      ["a", true],
      ["f", true],
    ],
  );
});

test("atoms are the classes of features that lie in the same patches", () => {
  const { atomOf, count, ofPatch } = atomsOf(
    [Uint32Array.of(0, 1, 2), Uint32Array.of(2, 3), Uint32Array.of(5)],
    (feature) => feature !== 5,
    6,
  );
  assert.equal(count, 4);
  assert.equal(new Set([atomOf[0], atomOf[2], atomOf[3], atomOf[4]]).size, 4);
  assert.equal(atomOf[0], atomOf[1]);
  assert.equal(atomOf[5], -1);
  assert.deepEqual(
    ofPatch.map((atoms) => [...atoms].sort()),
    [[atomOf[0], atomOf[2]].sort(), [atomOf[2], atomOf[3]].sort(), []],
  );
});

test("a neuron is the sum over its places, along whichever axis", () => {
  const map = layerMap([
    { id: "first", shape: [2, 3], axis: 0 },
    { id: "last", shape: [2, 3], axis: 1 },
  ]);
  assert.equal(map.neurons, 5);
  const values = [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6];
  assert.deepEqual([...sumByNeuron(map, values)], [6, 15, 5, 7, 9]);
});

test("a recurrent layer of ONNX, whose inner values have the batch elsewhere, is on the way to the score", async () => {
  await useBackend("cpu");
  const path = fileURLToPath(new URL("../../../fixtures/onnx/recurrent-script.onnx", import.meta.url));
  const { model } = await loadModel(path);
  try {
    const flow = new LayerFlow(model, ["/words/Gather_output_0"], ["237"]);
    assert.ok(flow.known);
    const cuts = flow.nodes.filter(({ isCut }) => isCut).map(({ spec }) => spec.id);
    assert.deepEqual(cuts, ["/words/Gather_output_0", "/Gather_output_0", "237"]);
  } finally {
    model.dispose();
  }
});
