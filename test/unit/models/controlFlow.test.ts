import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../src/common/errors.ts";
import type { DifferentiableModel } from "../../../src/engine/port.ts";
import { loadModel } from "../../../src/models/loadModel.ts";
import { usableBackends, useBackend } from "./backends.ts";
import { assertGradient, spacedValues } from "./finiteDifferences.ts";
import { constant, type FileWeight, type GraphNode, placeholder, writeGraphModel } from "./modelFiles.ts";

const backends = await usableBackends();

const scalar = (name: string, value: number): FileWeight => ({ name, shape: [], values: Float32Array.of(value) });
const integer = (name: string, value: number): FileWeight => constant(name, [value], []);
const isTrue: readonly GraphNode[] = [{ name: "yes", op: "Greater", input: ["one", "zero"] }];
const numbers = [integer("zero", 0), integer("one", 1), integer("three", 3), scalar("two", 2)];

/** A function of a graph: inputs, nodes, and what each output is. */
function graphFunction(name: string, inputs: string[], nodes: readonly GraphNode[], outputs: string[]): object {
  return {
    signature: {
      name,
      inputArg: inputs.map((each) => ({ name: each })),
      outputArg: outputs.map((_, index) => ({ name: `out${index}` })),
    },
    nodeDef: nodes,
    ret: Object.fromEntries(outputs.map((output, index) => [`out${index}`, output])),
  };
}

const branches = [
  graphFunction("double", ["a"], [{ name: "y", op: "AddV2", input: ["a", "a"] }], ["y:z:0"]),
  graphFunction("squared", ["a"], [{ name: "y", op: "Square", input: ["a"] }], ["y:y:0"]),
];
const func = (name: string) => ({ func: { name } });

interface Flow {
  readonly name: string;
  readonly folder: () => string;
  /** From rows of four numbers. */
  readonly truth: (x: tf.Tensor) => tf.Tensor;
}

const x = placeholder("x", [-1, 4]);

const flows: readonly Flow[] = [
  ...(["If", "StatelessIf"] as const).map((op) => ({
    name: `${op} of a constant`,
    folder: () =>
      writeGraphModel(
        [
          x,
          ...isTrue,
          {
            name: "choice",
            op,
            input: ["yes", "x"],
            attr: { then_branch: func("squared"), else_branch: func("double") },
          },
          { name: "y", op: "Tanh", input: ["choice"] },
        ],
        numbers,
        branches,
      ),
    truth: (each: tf.Tensor) => tf.tanh(tf.square(each)),
  })),
  {
    name: "an If of a training flag that is off unless it is given",
    folder: () =>
      writeGraphModel(
        [
          x,
          { name: "off", op: "Greater", input: ["zero", "one"] },
          { name: "training", op: "PlaceholderWithDefault", input: ["off"], attr: { dtype: { type: "DT_BOOL" } } },
          {
            name: "choice",
            op: "If",
            input: ["training", "x"],
            attr: { then_branch: func("squared"), else_branch: func("double") },
          },
          { name: "y", op: "Tanh", input: ["choice"] },
        ],
        numbers,
        branches,
      ),
    truth: (each) => tf.tanh(tf.add(each, each)),
  },
  {
    name: "Switch and Merge of a constant",
    folder: () =>
      writeGraphModel(
        [
          x,
          ...isTrue,
          { name: "gate", op: "Switch", input: ["x", "yes"] },
          { name: "left", op: "Exp", input: ["gate"] },
          { name: "right", op: "Square", input: ["gate:1"] },
          { name: "join", op: "Merge", input: ["left", "right"] },
          { name: "y", op: "Tanh", input: ["join"] },
        ],
        numbers,
      ),
    truth: (each) => tf.tanh(tf.square(each)),
  },
  ...(["While", "StatelessWhile"] as const).map((op) => ({
    name: `${op} of three rounds`,
    folder: () =>
      writeGraphModel(
        [
          x,
          { name: "loop", op, input: ["zero", "x", "three"], attr: { cond: func("below"), body: func("round") } },
          { name: "y", op: "Mul", input: ["loop:1", "two"] },
        ],
        [...numbers, scalar("round/half", 0.5), integer("round/step", 1)],
        [
          graphFunction("below", ["i", "v", "n"], [{ name: "less", op: "Less", input: ["i", "n"] }], ["less:z:0"]),
          graphFunction(
            "round",
            ["i", "v", "n"],
            [
              { name: "round/half", op: "Const", attr: { dtype: { type: "DT_FLOAT" } } },
              { name: "round/step", op: "Const", attr: { dtype: { type: "DT_INT32" } } },
              { name: "tanh", op: "Tanh", input: ["v"] },
              { name: "next", op: "AddV2", input: ["tanh:y:0", "round/half:output:0"] },
              { name: "count", op: "AddV2", input: ["i", "round/step:output:0"] },
            ],
            ["count:z:0", "next:z:0", "n"],
          ),
        ],
      ),
    truth: (each: tf.Tensor) => {
      const round = (value: tf.Tensor) => tf.add(tf.tanh(value), 0.5);
      return tf.mul(round(round(round(each))), 2);
    },
  })),
  {
    name: "a recurrence over the steps of a list, as long as the input's shape says",
    folder: recurrence,
    truth: (each) => {
      // Steps of the sequence are the four columns; the state is a tanh of state and step.
      const steps = tf.unstack(each, 1);
      const states: tf.Tensor[] = [];
      let state: tf.Tensor = tf.zerosLike(steps[0] ?? each);
      for (const step of steps) {
        state = tf.tanh(tf.add(state, step));
        states.push(state);
      }
      return tf.stack(states);
    },
  },
];

/** What Keras writes for an LSTM in a SavedModel, in small: a loop that takes rows of a list and puts rows into another. */
function recurrence(): string {
  const variable = { dtype: { type: "DT_VARIANT" } };
  const loopInputs = ["i", "n", "state", "out", "steps"];
  return writeGraphModel(
    [
      x,
      { name: "turned", op: "Transpose", input: ["x", "order"] },
      { name: "shape", op: "Shape", input: ["turned"] },
      {
        name: "length",
        op: "StridedSlice",
        input: ["shape", "begin", "end", "strides"],
        attr: { shrink_axis_mask: { i: "1" }, begin_mask: { i: "0" }, end_mask: { i: "0" } },
      },
      { name: "first", op: "Gather", input: ["turned", "zero"] },
      { name: "start", op: "ZerosLike", input: ["first"] },
      { name: "steps", op: "TensorListFromTensor", input: ["turned", "element"], attr: variable },
      { name: "out", op: "TensorListReserve", input: ["element", "length"], attr: variable },
      {
        name: "loop",
        op: "StatelessWhile",
        input: ["zero", "length", "start", "out", "steps"],
        attr: { cond: func("below"), body: func("step") },
      },
      { name: "y", op: "TensorListStack", input: ["loop:3", "element"], attr: variable },
    ],
    [
      ...numbers,
      constant("order", [1, 0]),
      constant("begin", [0]),
      constant("end", [1]),
      constant("strides", [1]),
      constant("element", [-1]),
      integer("step/one", 1),
    ],
    [
      graphFunction("below", loopInputs, [{ name: "less", op: "Less", input: ["i", "n"] }], ["less:z:0"]),
      graphFunction(
        "step",
        loopInputs,
        [
          { name: "step/one", op: "Const", attr: { dtype: { type: "DT_INT32" } } },
          { name: "element", op: "Identity", input: ["step/one:output:0"] },
          { name: "row", op: "TensorListGetItem", input: ["steps", "i", "element:output:0"], attr: variable },
          { name: "sum", op: "AddV2", input: ["state", "row:item:0"] },
          { name: "next", op: "Tanh", input: ["sum:z:0"] },
          { name: "put", op: "TensorListSetItem", input: ["out", "i", "next:y:0"], attr: variable },
          { name: "count", op: "AddV2", input: ["i", "step/one:output:0"] },
        ],
        ["count:z:0", "n", "next:y:0", "put:output_handle:0", "steps"],
      ),
    ],
  );
}

function value(model: DifferentiableModel, input: tf.Tensor): tf.Tensor {
  const [result] = model.evaluate(new Map([["x", input]]), ["y"]);
  assert.ok(result !== undefined);
  return result;
}

for (const backend of backends) {
  for (const { name, folder, truth } of flows) {
    test(`${backend}: ${name}: the values, and a gradient that differences confirm`, async () => {
      await useBackend(backend);
      const start = tf.memory().numTensors;
      const { model } = await loadModel(folder());
      const sample = spacedValues([3, 4], 4, 0.15);
      tf.tidy(() => {
        const [actual, expected] = [value(model, sample), truth(sample)];
        assert.deepEqual(actual.shape, expected.shape);
        assert.ok(Math.max(...tf.sub(actual, expected).dataSync().map(Math.abs)) < 1e-5);
      });
      assertGradient((each) => value(model, each), sample, { step: 3e-3 });
      assert.deepEqual(
        [model.inputs, model.outputs].map((ends) => ends.map(({ id }) => id)),
        [["x"], ["y"]],
      );
      sample.dispose();
      model.dispose();
      assert.equal(tf.memory().numTensors, start);
    });
  }
}

interface Refused {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  readonly functions?: readonly object[];
  readonly found: RegExp;
}

const sum: GraphNode = { name: "sum", op: "Sum", input: ["x", "axes"], attr: { keep_dims: { b: false } } };
const decides: GraphNode = { name: "decides", op: "Greater", input: ["sum", "two"] };

const refused: readonly Refused[] = [
  {
    name: "a condition that the input decides",
    nodes: [
      x,
      sum,
      decides,
      {
        name: "choice",
        op: "StatelessIf",
        input: ["decides", "x"],
        attr: { then_branch: func("squared"), else_branch: func("double") },
      },
      { name: "y", op: "Tanh", input: ["choice"] },
    ],
    functions: branches,
    found: /StatelessIf at choice/,
  },
  {
    name: "a Switch that the input decides",
    nodes: [
      x,
      sum,
      decides,
      { name: "gate", op: "Switch", input: ["x", "decides"] },
      { name: "left", op: "Exp", input: ["gate"] },
      { name: "right", op: "Square", input: ["gate:1"] },
      { name: "join", op: "Merge", input: ["left", "right"] },
      { name: "y", op: "Tanh", input: ["join"] },
    ],
    found: /(Switch at gate|Merge at join)/,
  },
  {
    name: "a loop whose rounds the input decides",
    nodes: [
      x,
      { name: "loop", op: "While", input: ["x"], attr: { cond: func("small"), body: func("grow") } },
      { name: "y", op: "Tanh", input: ["loop"] },
    ],
    functions: [
      graphFunction(
        "small",
        ["v"],
        [
          { name: "small/axes", op: "Const", attr: { dtype: { type: "DT_INT32" } } },
          { name: "small/two", op: "Const", attr: { dtype: { type: "DT_FLOAT" } } },
          { name: "all", op: "Sum", input: ["v", "small/axes:output:0"], attr: { keep_dims: { b: false } } },
          { name: "less", op: "Less", input: ["all:output:0", "small/two:output:0"] },
        ],
        ["less:z:0"],
      ),
      graphFunction("grow", ["v"], [{ name: "more", op: "AddV2", input: ["v", "v"] }], ["more:z:0"]),
    ],
    found: /While at loop/,
  },
  {
    name: "a loop without an end",
    nodes: [
      x,
      { name: "loop", op: "While", input: ["one", "x"], attr: { cond: func("always"), body: func("same") } },
      { name: "y", op: "Tanh", input: ["loop:1"] },
    ],
    functions: [
      graphFunction(
        "always",
        ["i", "v"],
        [
          { name: "always/zero", op: "Const", attr: { dtype: { type: "DT_INT32" } } },
          { name: "yes", op: "Greater", input: ["i", "always/zero:output:0"] },
        ],
        ["yes:z:0"],
      ),
      graphFunction("same", ["i", "v"], [{ name: "more", op: "AddV2", input: ["v", "v"] }], ["i", "more:z:0"]),
    ],
    found: /While at loop/,
  },
  {
    name: "a loop of Enter and Exit",
    nodes: [
      x,
      { name: "enter", op: "Enter", input: ["x"], attr: { frame_name: { s: "Zg==" } } },
      { name: "exit", op: "Exit", input: ["enter"] },
      { name: "y", op: "Tanh", input: ["exit"] },
    ],
    found: /(Enter at enter|Exit at exit)/,
  },
];

for (const { name, nodes, functions = [], found } of refused) {
  test(`${name} is refused by the node's name, and the rest of the model is read`, async () => {
    await useBackend("cpu");
    const start = tf.memory().numTensors;
    const inFunctions = [constant("small/axes", [0, 1]), scalar("small/two", 2), integer("always/zero", 0)];
    const weights = [...numbers, constant("axes", [0, 1]), ...(functions === branches ? [] : inFunctions)];
    const { model } = await loadModel(writeGraphModel(nodes, weights, functions));
    const sample = tf.ones([1, 4]);
    assert.throws(
      () => value(model, sample),
      (error) =>
        error instanceof PathlightError &&
        error.code === "model-unknown-op" &&
        found.test(error.details.found ?? "") &&
        error.details.whatToDo !== undefined,
    );
    sample.dispose();
    model.dispose();
    assert.equal(tf.memory().numTensors, start);
  });
}
