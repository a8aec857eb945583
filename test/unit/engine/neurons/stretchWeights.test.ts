import assert from "node:assert/strict";
import test from "node:test";
import { stretchWeights } from "../../../../src/engine/neurons/stretchWeights.ts";

/** ∫ a dH by the weights. */
function integral(ts: readonly number[], a: (t: number) => number, h: (t: number) => number): number {
  return stretchWeights(ts).reduce((sum, row, k) => {
    const gradient = row.reduce((part, weight, p) => part + weight * a(ts[p] ?? Number.NaN), 0);
    return sum + gradient * (h(ts[k + 1] ?? Number.NaN) - h(ts[k] ?? Number.NaN));
  }, 0);
}

test("the weights are exact for a of degree 2 and H of degree 2, whatever the points, one parabola after the other", () => {
  for (const ts of [
    [0, 0.5, 1],
    [0.2, 0.3, 0.9],
    [-1, 2, 3],
    [0, 0.1, 0.5, 0.6, 0.65],
    [0, 0.3, 0.4, 0.5, 0.8, 0.9, 1],
  ]) {
    const [from = 0, to = 0] = [ts[0], ts.at(-1)];
    // a h' = (3t² − t + 2)(2t + 4) = 6t³ + 10t² + 8.
    const primitive = (t: number) => 1.5 * t ** 4 + (10 / 3) * t ** 3 + 8 * t;
    const found = integral(
      ts,
      (t) => 3 * t * t - t + 2,
      (t) => t * t + 4 * t - 1,
    );
    assert.ok(Math.abs(found - (primitive(to) - primitive(from))) < 1e-9 * Math.abs(primitive(to)), String(ts));
  }
});

test("of two points, and of an interval that is left, it is the trapezoid: averaged gradients times differences", () => {
  assert.deepEqual(stretchWeights([0, 1]).map(rounded), [[0.5, 0.5]]);
  assert.deepEqual(rounded(stretchWeights([0, 0.5, 1, 3])[2] ?? []), [0, 0, 0.5, 0.5]);
});

test("where the gradient is constant each interval counts its own change", () => {
  for (const row of stretchWeights([0, 0.1, 0.5, 0.6, 0.65, 1])) {
    assert.ok(Math.abs(row.reduce((sum, weight) => sum + weight, 0) - 1) < 1e-12);
  }
});

function rounded(row: readonly number[]): number[] {
  return row.map((weight) => Number(weight.toFixed(12)));
}
