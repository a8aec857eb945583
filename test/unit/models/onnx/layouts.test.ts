import assert from "node:assert/strict";
import test from "node:test";
import "@tensorflow/tfjs-layers";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../../src/common/errors.ts";
import { Value } from "../../../../src/models/onnx/value.ts";
import { installGradientRepairs } from "../../../../src/models/repairs/installGradientRepairs.ts";
import { usableBackends, useBackend } from "../backends.ts";
import { assertGradient } from "../finiteDifferences.ts";
import type { TestGraph, TestNode, TestTensor } from "./support/onnxBytes.ts";
import { assertClose, computed, executorOf, reference, tfTensor } from "./support/operatorCase.ts";
import { floats, row, scalar } from "./support/operatorTests.ts";

/** Values that are there with channels last, as convolutions leave them: [batch, height, width, channels] turned round. */
const turned: TestNode = { op: "Transpose", inputs: ["x"], outputs: ["c"], attributes: { perm: [0, 3, 1, 2] } };
const x = floats([2, 3, 4, 5]);

const after = (nodes: readonly TestNode[], constants: Readonly<Record<string, TestTensor>> = {}): TestGraph => ({
  nodes: [turned, ...nodes],
  inputs: [{ name: "x", type: "float", shape: ["n", "h", "w", "f"] }],
  outputs: [{ name: "y", type: "float" }],
  constants,
});

const one = (op: string, inputs: readonly string[], attributes: TestNode["attributes"] = {}): TestNode => ({
  op,
  inputs: ["c", ...inputs],
  outputs: ["y"],
  attributes,
});

const bias = { ...floats([5, 1, 1], 4), type: "float" } as const;
const plane = floats([1, 1, 3, 4], 5);

const graphs: ReadonlyMap<string, TestGraph> = new Map([
  ["mean over the plane", after([one("ReduceMean", [], { axes: [2, 3], keepdims: 0 })])],
  ["mean over the plane, kept", after([one("ReduceMean", [], { axes: [2, 3], keepdims: 1 })])],
  ["maximum over channels", after([one("ReduceMax", [], { axes: [1], keepdims: 0 })])],
  ["maximum over channels, kept", after([one("ReduceMax", [], { axes: [1], keepdims: 1 })])],
  ["norm over height", after([one("ReduceL2", [], { axes: [2], keepdims: 0 })])],
  ["norm over the last axis, kept", after([one("ReduceL2", [], { axes: [-1], keepdims: 1 })])],
  ["sum of all squares", after([one("ReduceSumSquare", [], { keepdims: 0 })])],
  ["product over the batch", after([one("ReduceProd", [], { axes: [0], keepdims: 1 })])],
  ["concat of channels", after([{ op: "Relu", inputs: ["c"], outputs: ["r"] }, one("Concat", ["r"], { axis: 1 })])],
  ["concat with a weight", after([one("Concat", ["w"], { axis: -1 })], { w: floats([2, 5, 3, 2], 3) })],
  [
    "split of channels",
    after([{ op: "Split", inputs: ["c", "sizes"], outputs: ["a", "y"], attributes: { axis: 1 } }], {
      sizes: row(2, 3),
    }),
  ],
  [
    "slice of channels and width",
    after([one("Slice", ["from", "to", "axes", "steps"])], {
      from: row(1, -1),
      to: row(5, -9),
      axes: row(1, 3),
      steps: row(2, -1),
    }),
  ],
  ["turned back", after([one("Transpose", [], { perm: [0, 2, 3, 1] })])],
  ["turned otherwise", after([one("Transpose", [], { perm: [1, 0, 3, 2] })])],
  ["flattened", after([one("Flatten", [])])],
  ["a bias of rank 3", after([one("Mul", ["b"])], { b: bias })],
  ["a plane of one channel", after([one("Div", ["p"])], { p: plane })],
  ["maximum with a bias", after([one("Max", ["b"])], { b: bias })],
  ["power", after([one("Pow", ["two"])], { two: scalar(2, "float") })],
  ["clip", after([one("Clip", ["low"])], { low: scalar(-0.31, "float") })],
  [
    "where",
    after(
      [
        { op: "Greater", inputs: ["c", "t"], outputs: ["m"] },
        { op: "Where", inputs: ["m", "c", "b"], outputs: ["y"] },
      ],
      { t: scalar(0.02, "float"), b: bias },
    ),
  ],
  ["product with a weight", after([one("MatMul", ["w"])], { w: floats([4, 2], 3) })],
  ["gather of channels", after([one("Gather", ["i"], { axis: 1 })], { i: row(3, -1, 0, 3) })],
]);

/** The branch follows from a sum of numbers that are fed. */
const branch: TestGraph = {
  nodes: [
    { op: "ReduceSum", inputs: ["flag"], outputs: ["sum"], attributes: { keepdims: 0 } },
    { op: "Greater", inputs: ["sum", "zero"], outputs: ["positive"] },
    {
      op: "If",
      inputs: ["positive"],
      outputs: ["y"],
      attributes: {
        then_branch: {
          nodes: [{ op: "Mul", inputs: ["x", "x"], outputs: ["square"] }],
          inputs: [],
          outputs: [{ name: "square", type: "float" }],
        },
        else_branch: {
          nodes: [{ op: "Add", inputs: ["x", "shift"], outputs: ["shifted"] }],
          inputs: [],
          outputs: [{ name: "shifted", type: "float" }],
          constants: { shift: floats([4], 8) },
        },
      },
    },
  ],
  inputs: [
    { name: "x", type: "float", shape: ["n", 4] },
    { name: "flag", type: "float", shape: [2] },
  ],
  outputs: [{ name: "y", type: "float" }],
  constants: { zero: scalar(0, "float") },
};

/** Nodes that no gradient can pass, each between an input and a score. */
const blocked: ReadonlyMap<string, readonly TestNode[]> = new Map([
  ["Floor", [{ op: "Floor", inputs: ["x"], outputs: ["y"] }]],
  ["Round", [{ op: "Round", inputs: ["x"], outputs: ["y"] }]],
  ["Sign", [{ op: "Sign", inputs: ["x"], outputs: ["y"] }]],
  ["ArgMax", through({ op: "ArgMax", inputs: ["x"], outputs: ["i"] })],
  ["TopK's indices", through({ op: "TopK", inputs: ["x", "k"], outputs: ["v", "i"] })],
  ["NonZero", through({ op: "NonZero", inputs: ["x"], outputs: ["i"] })],
  ["IsNaN", through({ op: "IsNaN", inputs: ["x"], outputs: ["i"] })],
  ["a cast to integers", through({ op: "Cast", inputs: ["x"], outputs: ["i"], attributes: { to: 7 } })],
  [
    "integers behind a cast",
    [
      { op: "Cast", inputs: ["x"], outputs: ["j"], attributes: { to: 7 } },
      ...through({ op: "Div", inputs: ["j", "k"], outputs: ["i"] }),
    ],
  ],
  [
    "indices",
    [
      { op: "Cast", inputs: ["x"], outputs: ["i"], attributes: { to: 7 } },
      { op: "Gather", inputs: ["table", "i"], outputs: ["y"] },
    ],
  ],
]);

function through(node: TestNode): TestNode[] {
  return [node, { op: "Cast", inputs: ["i"], outputs: ["y"], attributes: { to: 1 } }];
}

for (const backend of await usableBackends()) {
  const prepare = async () => {
    await useBackend(backend);
    installGradientRepairs();
  };

  for (const [name, graph] of graphs) {
    test(`${backend}: channels last, ${name}: as onnxruntime, and differences confirm the gradient`, async () => {
      await prepare();
      assertClose(computed(graph, 13, { x }), await reference(graph, 13, { x }), 1e-5);
      gradientOf(graph, x, {});
    });
  }

  for (const flag of [-1, 1]) {
    test(`${backend}: If, ${flag}: as onnxruntime, and differences confirm the gradient of the branch taken`, async () => {
      await prepare();
      const feeds = { x: floats([2, 4]), flag: { type: "float", shape: [2], data: [flag, flag] } } as const;
      assertClose(computed(branch, 13, feeds), await reference(branch, 13, feeds), 1e-6);
      gradientOf(branch, feeds.x, { flag: feeds.flag });
    });
  }

  for (const [name, nodes] of blocked) {
    test(`${backend}: ${name}: a gradient is refused by name, and nothing is left`, async () => {
      await prepare();
      const graph: TestGraph = {
        nodes,
        inputs: [{ name: "x", type: "float", shape: [3] }],
        outputs: [{ name: "y", type: "float" }],
        constants: { k: row(2), table: floats([9]) },
      };
      const before = tf.memory().numTensors;
      const executor = executorOf(graph, 13);
      const at = tf.tensor1d([2.3, 1.2, 3.4]);
      const score = (each: tf.Tensor) => {
        const [y] = executor.run(new Map([["x", Value.of(each)]]), ["y"]);
        assert.ok(y);
        return tf.sum(y);
      };
      assert.throws(
        () => tf.tidy(() => tf.grad(score)(at)),
        (error) => error instanceof PathlightError && error.code === "model-not-differentiable",
      );
      executor.dispose();
      at.dispose();
      assert.equal(tf.memory().numTensors, before);
    });
  }
}

function gradientOf(graph: TestGraph, input: TestTensor, others: Readonly<Record<string, TestTensor>>): void {
  const executor = executorOf(graph, 13);
  const held = new Map(Object.entries(others).map(([name, tensor]) => [name, tfTensor(tensor)]));
  const point = tfTensor(input);
  try {
    assertGradient(
      (at) => {
        const feeds = new Map([...held].map(([name, tensor]) => [name, Value.of(tensor)]));
        const [y] = executor.run(feeds.set("x", Value.of(at)), ["y"]);
        assert.ok(y);
        return y;
      },
      point,
      { step: 1e-3 },
    );
  } finally {
    executor.dispose();
    tf.dispose([point, ...held.values()]);
  }
}
