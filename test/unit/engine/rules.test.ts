import assert from "node:assert/strict";
import test from "node:test";
import { PathlightError } from "../../../src/common/errors.ts";
import { gaussLegendre } from "../../../src/engine/quadrature/gaussLegendre.ts";
import { gapWeights, totalWeights } from "../../../src/engine/quadrature/interpolation.ts";
import { fixedRule, fixedRules } from "../../../src/engine/quadrature/rules.ts";
import { chebyshevNodes } from "../../../src/engine/quadrature/spectral.ts";

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

for (const rule of fixedRules) {
  test(`${rule}: weights sum to 1, nodes ascend within [0, 1]`, () => {
    for (const steps of [2, 3, 7, 50, 51, 256, 2000]) {
      const { nodes, weights } = fixedRule(rule, steps);
      assert.equal(nodes.length, steps);
      assert.ok(Math.abs(sum(weights) - 1) < 1e-13, `${steps} steps: ${sum(weights)}`);
      assert.ok(nodes.every((t, j) => t >= 0 && t <= 1 && (j === 0 || t > (nodes[j - 1] as number))));
    }
  });

  test(`${rule}: no steps, half a step and a negative number of steps are usage errors`, () => {
    for (const steps of [0, -1, 1.5, Number.NaN]) {
      assert.throws(
        () => fixedRule(rule, steps),
        (error) => error instanceof PathlightError && error.code === "usage",
      );
    }
  });
}

test("Gauss–Legendre is exact for polynomials of degree 2n − 1", () => {
  for (const n of [1, 2, 3, 5, 8, 13, 20]) {
    const { nodes, weights } = gaussLegendre(n);
    for (let degree = 0; degree <= 2 * n - 1; degree++) {
      const integral = nodes.reduce((total, t, j) => total + (weights[j] as number) * t ** degree, 0);
      assert.ok(Math.abs(integral - 1 / (degree + 1)) < 1e-14, `n ${n}, degree ${degree}: ${integral}`);
    }
  }
});

test("Gauss–Legendre nodes agree with published values", () => {
  // DLMF, table 3.5.1 (n = 5), moved from [−1, 1] to [0, 1].
  const known = [-0.9061798459386639, -0.5384693101056831, 0, 0.5384693101056831, 0.9061798459386639];
  for (const [j, x] of known.entries()) {
    assert.ok(Math.abs((gaussLegendre(5).nodes[j] as number) - (x + 1) / 2) < 1e-15);
  }
});

test("Gauss–Legendre with 2000 nodes integrates a fast cosine to rounding", () => {
  const { nodes, weights } = gaussLegendre(2000);
  const integral = nodes.reduce((total, t, j) => total + (weights[j] as number) * Math.cos(1000 * t), 0);
  assert.ok(Math.abs(integral - Math.sin(1000) / 1000) < 1e-14);
});

test("interpolation on Chebyshev nodes is Clenshaw–Curtis", () => {
  // Weights for n = 4 on [−1, 1]: 1/15, 8/15, 4/5, 8/15, 1/15 (Trefethen, Spectral Methods in MATLAB, clencurt).
  const weights = totalWeights(gapWeights(chebyshevNodes(4), 5), 5);
  const known = [1 / 30, 8 / 30, 12 / 30, 8 / 30, 1 / 30];
  for (const [j, weight] of known.entries()) assert.ok(Math.abs((weights[j] as number) - weight) < 1e-14);
});

test("interpolation gap by gap integrates cubics exactly through four nodes, however uneven", () => {
  const ts = [0, 0.01, 0.3, 0.35, 0.9, 0.97, 1];
  const weights = totalWeights(gapWeights(ts, 4), ts.length);
  for (let degree = 0; degree <= 3; degree++) {
    const integral = ts.reduce((total, t, j) => total + (weights[j] as number) * t ** degree, 0);
    assert.ok(Math.abs(integral - 1 / (degree + 1)) < 1e-13);
  }
});
