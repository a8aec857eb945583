import assert from "node:assert/strict";
import test from "node:test";
import { seededRandom } from "../../../../src/common/random.ts";
import { compare } from "../../../../src/engine/audit/comparison.ts";
import { allSteps, fewSteps, slopeOf } from "../../../../src/engine/audit/slope.ts";

test("the slope of a smooth function lies within its bar, which is narrow", () => {
  const cases: readonly (readonly [(u: number) => number, number])[] = [
    [(u) => 3 * u, 3],
    [(u) => Math.exp(2 * u), 2],
    [(u) => Math.sin(5 * u + 0.4), 5 * Math.cos(0.4)],
    [(u) => 1 / (1 + Math.exp(-20 * u)), 5],
  ];
  for (const steps of [fewSteps, allSteps]) {
    for (const [f, slope] of cases) {
      const found = slopeOf(f, steps, 0);
      assert.ok(Math.abs(found.slope - slope) <= found.bar + 1e-9, `${found.slope} ± ${found.bar} for ${slope}`);
      assert.ok(found.bar <= 0.01 * slope, `${found.bar} of ${slope}`);
      assert.equal(found.kink, 0);
    }
  }
});

test("rounding is measured: the bar covers it, whatever its size", () => {
  for (const noise of [1e-7, 1e-5, 1e-3]) {
    let missed = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed);
      const values = new Map<number, number>();
      const f = (u: number): number => {
        const known = values.get(u) ?? Math.sin(2 * u + 1) + noise * (random() + random() + random() - 1.5) * 2;
        values.set(u, known);
        return known;
      };
      const { slope, bar } = slopeOf(f, allSteps, 0);
      if (Math.abs(slope - 2 * Math.cos(1)) > bar) missed++;
    }
    assert.ok(missed <= 4, `${missed} of 200 with noise ${noise}`);
  }
});

test("a kink at the place is told from a wrong gradient", () => {
  const relu = (u: number): number => Math.max(0, u) + 0.2 * u;
  const found = slopeOf(relu, allSteps, 1e-9);
  assert.ok(found.kink > 0.4 && found.kink < 0.6, `${found.kink}`);
  for (const oneSided of [0.2, 0.7, 1.2]) assert.equal(compare(oneSided, 0, found).agreement, "kink");
});

test("a kink close by widens the bar so far that it covers the slope", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = seededRandom(seed);
    const kinks = Array.from({ length: 6 }, () => [(random() - 0.5) * 0.06, random() - 0.5] as const);
    const f = (u: number): number => 2 * u + kinks.reduce((sum, [at, jump]) => sum + jump * Math.max(0, u - at), 0);
    const slope = 2 + kinks.reduce((sum, [at, jump]) => sum + (at < 0 ? jump : 0), 0);
    const { agreement } = compare(slope, 0, slopeOf(f, allSteps, 1e-9));
    assert.notEqual(agreement, "differs", `seed ${seed}`);
  }
});

test("outcomes: agreement, difference, noise, nothing", () => {
  const slope = { slope: 2, bar: 0.01, kink: 0 };
  assert.equal(compare(2.005, 0, slope).agreement, "agrees");
  assert.equal(compare(2.2, 0, slope).agreement, "differs");
  assert.equal(compare(-2, 0, slope).agreement, "differs");
  assert.equal(compare(2, 0, { ...slope, bar: 0.5 }).agreement, "noise");
  assert.equal(compare(0, 0, { slope: 0, bar: 0, kink: 0 }).agreement, "noise");
  assert.equal(compare(2, 0, { slope: Number.NaN, bar: Number.POSITIVE_INFINITY, kink: 0 }).agreement, "noise");
});
