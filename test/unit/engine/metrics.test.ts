import assert from "node:assert/strict";
import test from "node:test";
import { rankCorrelation, strongestOverlap } from "../../../src/engine/metrics.ts";

function close(left: number | null, right: number): void {
  assert.ok(left !== null && Math.abs(left - right) < 1e-12, `${left} is not ${right}`);
}

test("rank correlation: same order 1, reversed −1, ties by their mean rank, constant undefined", () => {
  close(rankCorrelation([1, 5, 9], [-3, 0, 100]), 1);
  close(rankCorrelation([1, 5, 9], [3, 2, 1]), -1);
  // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: covariance 4.5, variances 4.5 and 5.
  close(rankCorrelation([1, 2, 2, 3], [1, 2, 3, 4]), 4.5 / Math.sqrt(4.5 * 5));
  assert.equal(rankCorrelation([2, 2, 2], [1, 2, 3]), null);
});

test("overlap of the strongest tenth goes by magnitude and takes at least one value", () => {
  const left = Array.from({ length: 20 }, (_, i) => (i === 3 ? -50 : i === 7 ? 40 : i / 100));
  const right = Array.from({ length: 20 }, (_, i) => (i === 3 ? 9 : i === 12 ? -8 : i / 100));
  close(strongestOverlap(left, right), 0.5);
  close(strongestOverlap(left, left), 1);
  close(strongestOverlap([1, 2], [2, 1]), 0);
});
