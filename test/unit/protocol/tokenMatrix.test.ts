import assert from "node:assert/strict";
import { test } from "node:test";
import type { Token } from "../../../src/protocol/explanation.ts";
import { type TokenMatrix, tokenMatrixSchema } from "../../../src/protocol/tokenMatrix.ts";

const token = (text: string, start: number): Token => ({
  text,
  id: 7,
  start,
  end: start + text.length,
  special: "none",
  word: 0,
});

const matrix: TokenMatrix = {
  kind: "sequence",
  axes: { rows: "produced token", columns: "source token", value: "logit" },
  rowText: "03",
  columnText: "3 March",
  rows: [token("0", 0), token("3", 1)],
  columns: [token("3", 0), token("March", 2)],
  parts: [],
  values: Float32Array.of(0.5, 2, 0, 0),
  cellErrors: null,
  rowFigures: [
    {
      score: 3,
      deltaF: 2.5,
      sum: 2.5,
      completenessError: { absolute: 0, relative: 0 },
      featureError: 0.001,
      status: "converged",
      evaluations: 9,
    },
    null,
  ],
  reads: [],
  total: null,
};

test("A matrix with a row that is not computed yet is a matrix", () => {
  assert.deepEqual(tokenMatrixSchema.parse(matrix), matrix);
});

test("Values, errors, figures and reads that do not fit the tokens are refused", () => {
  for (const wrong of [
    { ...matrix, values: new Float32Array(3) },
    { ...matrix, cellErrors: new Float32Array(5) },
    { ...matrix, rowFigures: [null] },
    { ...matrix, reads: [2] },
  ]) {
    assert.equal(tokenMatrixSchema.safeParse(wrong).success, false);
  }
});
