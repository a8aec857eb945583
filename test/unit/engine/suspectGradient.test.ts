import assert from "node:assert/strict";
import test from "node:test";
import { integrate } from "../../../src/engine/integrate.ts";
import { families, randomOf } from "./families.ts";
import { type Example, integrandOf } from "./paths.ts";

const options = { rule: "adaptive", tolerance: 0.01 } as const;

/** A smooth function with a kink, as models have them. */
const sound: Example = {
  x: [1, 2, 1.5],
  baseline: [0, 0, 0],
  f: ([a = 0, b = 0, c = 0]) => Math.sin(2 * a) + a * b + Math.max(0, c - 0.4) ** 2 + Math.max(0, b - 1),
  gradient: ([a = 0, b = 0, c = 0]) => [2 * Math.cos(2 * a) + b, a + (b > 1 ? 1 : 0), 2 * Math.max(0, c - 0.4)],
};

const wrong: Readonly<Record<string, Example>> = {
  "scaled by 1.3": { ...sound, gradient: (p) => sound.gradient(p).map((v) => 1.3 * v) },
  "scaled by 0.9": { ...sound, gradient: (p) => sound.gradient(p).map((v) => 0.9 * v) },
  "one term missing": {
    ...sound,
    gradient: ([a = 0, b = 0, c = 0]) => [b, a + (b > 1 ? 1 : 0), 2 * Math.max(0, c - 0.4)],
  },
  "one feature zero": { ...sound, gradient: (p) => [0, ...sound.gradient(p).slice(1)] },
  "of the wrong sign": { ...sound, gradient: (p) => sound.gradient(p).map((v) => -v) },
};

for (const [name, example] of Object.entries(wrong)) {
  test(`a gradient ${name} is suspect, after few evaluations`, async () => {
    const result = await integrate(integrandOf(example), options);
    assert.equal(result.status, "suspect-gradient");
    assert.ok(result.evaluations <= 65, `${result.evaluations} evaluations`);
  });

  test(`a gradient ${name} is suspect to a fixed rule with enough steps`, async () => {
    const result = await integrate(integrandOf(example), { ...options, rule: "gauss-legendre", steps: 50 });
    assert.equal(result.status, "suspect-gradient");
  });
}

test("a right gradient is never suspect, at any tolerance, nor when the budget ends early", async () => {
  for (const family of Object.values(families)) {
    for (let seed = 100; seed < 125; seed++) {
      const example = family(randomOf(seed));
      for (const limits of [{ maxEvaluations: 13 }, { maxEvaluations: 25 }, { tolerance: 1e-3 }, { tolerance: 1e-5 }]) {
        const result = await integrate(integrandOf(example), { ...options, ...limits });
        assert.notEqual(result.status, "suspect-gradient");
      }
      const fixed = await integrate(integrandOf(example), {
        ...options,
        rule: "trapezoid",
        steps: 30,
        tolerance: 1e-6,
      });
      assert.notEqual(fixed.status, "suspect-gradient");
    }
  }
});

test("a score that is rounded ends at the precision floor, not in suspicion", async () => {
  const rounded: Example = { ...sound, f: (p) => Math.fround(sound.f(p) + 1e4) };
  const result = await integrate(integrandOf(rounded), { ...options, tolerance: 1e-5 });
  assert.equal(result.status, "precision-floor");
  assert.ok(result.evaluations < 512);
});

test("a jump that no gradient sees is neither converged nor suspect", async () => {
  const step: Example = { ...sound, f: (p) => sound.f(p) + ((p[0] ?? 0) > 0.37 ? 2 : 0) };
  const result = await integrate(integrandOf(step), options);
  assert.ok(result.status === "precision-floor" || result.status === "budget", result.status);
  assert.ok((result.featureError ?? 0) > 0.2);
});
