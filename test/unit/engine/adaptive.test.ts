import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { integrate } from "../../../src/engine/integrate.ts";
import { families, randomOf } from "./families.ts";
import { integrandOf, reference, relativeError } from "./paths.ts";

/** Most evaluations at 1 %: median and 95th percentile over fifty seeds. */
const evaluations: Record<keyof typeof families, readonly [number, number]> = {
  polynomial: [9, 9],
  saturatingRelu: [45, 65],
  minimumAndMaximum: [19, 31],
  squareRootLayer: [17, 27],
  steepSigmoid: [29, 37],
  softmax: [13, 23],
};

for (const [name, family] of Object.entries(families)) {
  test(`${name}: at 1 % the true error stays within one and a half times the tolerance`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (seed) => {
        const example = family(randomOf(seed));
        const result = await integrate(integrandOf(example), { rule: "adaptive", tolerance: 0.01 });
        const truth = relativeError(result.attributions, reference(example));
        if (result.status === "converged") assert.ok(truth <= 0.015, `seed ${seed}: true error ${truth}`);
        else assert.fail(`seed ${seed}: ${result.status} after ${result.evaluations} evaluations`);
      }),
      { seed: 20240607, numRuns: 40 },
    );
  });

  test(`${name}: the stated error holds in nineteen of twenty cases, at few evaluations`, async () => {
    const counts: number[] = [];
    let held = 0;
    for (let seed = 0; seed < 50; seed++) {
      const example = family(randomOf(seed));
      const result = await integrate(integrandOf(example), { rule: "adaptive", tolerance: 0.01 });
      const truth = relativeError(result.attributions, reference(example));
      // What float32 rounds away from each gradient is no error of the rule.
      if (truth <= Math.max(result.featureError ?? 0, 1e-6)) held++;
      counts.push(result.evaluations);
    }
    counts.sort((a, b) => a - b);
    const [median, high] = evaluations[name as keyof typeof families];
    const found = [counts[25] ?? 0, counts[47] ?? 0];
    assert.ok(held >= 47, `held in ${held} of 50`);
    assert.ok((found[0] ?? 0) <= median && (found[1] ?? 0) <= high, `${found} evaluations, at most ${[median, high]}`);
  });
}
