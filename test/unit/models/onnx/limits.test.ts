import assert from "node:assert/strict";
import test from "node:test";
import "@tensorflow/tfjs-layers";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../../src/common/errors.ts";
import { useBackend } from "../backends.ts";
import { computed, feedsOf, operatorGraph } from "./support/operatorCase.ts";
import { booleans, floats, integers, row, scalar, type TestedCase } from "./support/operatorTests.ts";

const huge = 2 ** 30;

/** Forms that a file can ask for and that are refused, before memory is taken or anything is read out of range. */
const refused: readonly TestedCase[] = [
  { op: "Expand", opset: 13, inputs: [floats([1]), row(huge, 4)], note: "too large" },
  { op: "Tile", opset: 13, inputs: [floats([4]), row(huge)], note: "too large" },
  { op: "ConstantOfShape", opset: 13, inputs: [row(huge, huge)], note: "too large" },
  { op: "ConstantOfShape", opset: 13, inputs: [row(-3)], note: "a side below 0" },
  { op: "Range", opset: 11, inputs: [scalar(0), scalar(huge), scalar(1)], note: "too large" },
  { op: "Range", opset: 11, inputs: [scalar(0), scalar(1), scalar(0)], note: "without end" },
  { op: "OneHot", opset: 11, inputs: [row(1, 2), scalar(huge), floats([2])], note: "too large" },
  { op: "Einsum", opset: 12, inputs: [floats([70_000]), floats([70_000])], attributes: { equation: "i,j->ij" } },
  { op: "Einsum", opset: 12, inputs: [floats([2]), floats([3])], attributes: { equation: "i,i->i" } },
  { op: "Einsum", opset: 12, inputs: [floats([2])], attributes: { equation: "i->j" } },
  { op: "Einsum", opset: 12, inputs: [floats([2, 2])], attributes: { equation: "i->i" } },
  { op: "Gather", opset: 13, inputs: [floats([3]), row(3)], note: "behind the end" },
  { op: "Gather", opset: 13, inputs: [floats([3]), row(-4)], note: "before the start" },
  { op: "GatherElements", opset: 13, inputs: [floats([3]), row(5)] },
  { op: "GatherND", opset: 13, inputs: [floats([3]), { ...row(5), shape: [1, 1] }] },
  { op: "ScatterElements", opset: 16, inputs: [floats([3]), row(5), floats([1])] },
  { op: "ScatterElements", opset: 16, inputs: [floats([3]), row(1), floats([1])], attributes: { reduction: "mul" } },
  { op: "ScatterND", opset: 16, inputs: [floats([3]), { ...row(-7), shape: [1, 1] }, floats([1])] },
  { op: "Slice", opset: 13, inputs: [floats([3]), row(0), row(3), row(0), row(0)], note: "a step of 0" },
  { op: "Slice", opset: 13, inputs: [floats([3]), row(0), row(3), row(1)], note: "an axis that is not there" },
  { op: "Split", opset: 13, inputs: [floats([3]), row(1, 1)], outputs: ["float", "float"] },
  { op: "Squeeze", opset: 13, inputs: [floats([2, 1]), row(0)] },
  { op: "Unsqueeze", opset: 13, inputs: [floats([2]), row(0, 0)] },
  { op: "Reshape", opset: 13, inputs: [floats([6]), row(4, 2)] },
  { op: "MatMul", opset: 13, inputs: [floats([2, 3]), floats([2, 3])] },
  { op: "MatMul", opset: 13, inputs: [integers(0, 3, [2, 2]), integers(0, 3, [2, 2])], outputs: ["int64"] },
  { op: "Add", opset: 14, inputs: [floats([2]), floats([3])] },
  { op: "TopK", opset: 11, inputs: [floats([3]), row(4)], outputs: ["float", "int64"] },
  { op: "Mod", opset: 13, inputs: [floats([3]), floats([3])], note: "fmod 0 of floats" },
  { op: "ReduceL2", opset: 11, inputs: [integers(0, 3, [2, 2], 1, "int32")], outputs: ["int32"] },
  { op: "ReduceSum", opset: 13, inputs: [floats([2]), row(1)] },
  { op: "Cast", opset: 13, inputs: [booleans([2])], attributes: { to: 8 } },
];

for (const each of refused) {
  const shapes = each.inputs.map((input) => input?.shape.join("x") ?? "-").join(" ");
  test(`${each.op} ${shapes} ${each.note ?? ""}: refused with what was expected, and nothing is left`, async () => {
    await useBackend("cpu");
    const before = tf.memory().numTensors;
    assert.throws(
      () => computed(operatorGraph(each), each.opset, feedsOf(each)),
      (error) =>
        error instanceof PathlightError &&
        error.code === "model-unsupported-shape" &&
        error.details.expected !== undefined &&
        error.details.whatToDo !== undefined,
    );
    assert.equal(tf.memory().numTensors, before);
  });
}
