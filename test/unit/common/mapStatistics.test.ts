import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { rankCorrelation, topOverlap } from "../../../src/common/mapStatistics.ts";

test("rank correlation of known pairs", () => {
  assert.equal(rankCorrelation([1, 2, 3], [10, 20, 30]), 1);
  assert.equal(rankCorrelation([1, 2, 3], [3, 2, 1]), -1);
  // scipy.stats.spearmanr([1, 2, 2, 4, 5], [3, 1, 4, 4, 9]) = 0.7631...
  assert.ok(Math.abs((rankCorrelation([1, 2, 2, 4, 5], [3, 1, 4, 4, 9]) ?? 0) - 29 / 38) < 1e-12);
  assert.equal(rankCorrelation([1, 1], [1, 2]), null);
  assert.equal(rankCorrelation([1], [1]), null);
  assert.equal(rankCorrelation([1, 2], [1, 2, 3]), null);
});

test("rank correlation does not change under a rising function", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 3 }), (values) => {
      const other = values.map((value, index) => value * ((index % 3) - 1));
      assert.equal(
        rankCorrelation(values, other),
        rankCorrelation(
          values.map((value) => Math.exp(value / 10)),
          other,
        ),
      );
    }),
  );
});

test("overlap counts the strongest by magnitude", () => {
  const a = [9, -8, 1, 1, 1, 1, 1, 1, 1, 1];
  assert.equal(topOverlap(a, [0, -5, 0, 4, 0, 0, 0, 0, 0, 0], 0.2), 0.5);
  assert.equal(topOverlap(a, a), 1);
  assert.equal(topOverlap([], []), null);
  assert.equal(topOverlap([1], [1, 2]), null);
});
