import assert from "node:assert/strict";
import test from "node:test";
import { PathlightError } from "../../../src/common/errors.ts";
import { identityGrain, imageGrain } from "../../../src/engine/grain.ts";
import { type IntegrateOptions, integrate, type RoundSnapshot } from "../../../src/engine/integrate.ts";
import type { Integration } from "../../../src/engine/integration.ts";
import type { PathIntegrand } from "../../../src/engine/pathIntegrand.ts";
import { fixedRules } from "../../../src/engine/quadrature/rules.ts";
import { regrain } from "../../../src/engine/regrain.ts";
import { families, randomOf } from "./families.ts";
import { type Example, integrandOf } from "./paths.ts";

const kinks = families.saturatingRelu(randomOf(3));
const steep: Example = {
  x: [1, 0.5],
  baseline: [0, 0],
  f: (p) => sigmoid(80 * ((p[0] ?? 0) - 0.2)) + 0.1 * (p[1] ?? 0),
  gradient: (p) => [80 * sigmoid(80 * ((p[0] ?? 0) - 0.2)) * (1 - sigmoid(80 * ((p[0] ?? 0) - 0.2))), 0.1],
};
const adaptive: IntegrateOptions = { rule: "adaptive", tolerance: 0.01 };

function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}

function close(left: number, right: number, tolerance = 1e-9): void {
  assert.ok(Math.abs(left - right) <= tolerance * Math.max(1, Math.abs(right)), `${left} is not ${right}`);
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof PathlightError && error.code === code;
}

function checkBooks(result: Integration): void {
  close(sum(result.weights), 1);
  close(sum(result.cells), result.sum);
  close(sum(result.attributions), result.sum);
  close(result.deltaF, result.fInput - result.fBaseline);
  close(result.completenessError.absolute, Math.abs(result.sum - result.deltaF));
  assert.equal(result.evaluations, result.alphas.length);
  assert.ok(result.alphas.every((alpha, k) => k === 0 || alpha > (result.alphas[k - 1] ?? 1)));
  close(sum(result.intervals.map(({ share }) => share)), 1);
  assert.equal(result.intervals[0]?.from, 0);
  assert.equal(result.intervals.at(-1)?.to, 1);
  const size = Math.max(
    result.cells.reduce((total, value) => total + Math.abs(value), 0),
    Math.abs(result.deltaF),
  );
  close(sum(result.cellErrors), (result.featureError ?? 0) * size, 1e-6);
  close(sum(result.intervals.map(({ error }) => error)), sum(result.cellErrors), 1e-6);
  assert.ok(result.cellErrors.every((error) => error >= 0));
}

test("the figures of a result agree with each other", async () => {
  for (const rule of ["adaptive", ...fixedRules] as const) {
    checkBooks(await integrate(integrandOf(kinks), { rule, tolerance: 0.01 }));
  }
});

test("every evaluation is of a new node, and the ends are always among them", async () => {
  for (const rule of ["adaptive", ...fixedRules] as const) {
    const integrand = integrandOf(steep);
    const result = await integrate(integrand, { rule, tolerance: 0.001, steps: 20 });
    assert.equal(new Set(integrand.asked).size, integrand.asked.length);
    assert.equal(integrand.asked.length, result.evaluations);
    assert.ok(integrand.asked.includes(0) && integrand.asked.includes(1));
  }
});

test("a fixed rule says so when its steps are too few for a steep score", async () => {
  const few = await integrate(integrandOf(steep), { rule: "gauss-legendre", steps: 8, tolerance: 0.01 });
  assert.equal(few.status, "budget");
  assert.ok((few.completenessError.relative ?? 0) > 0.1);
  assert.ok((few.featureError ?? 0) >= (few.completenessError.absolute / few.deltaF) * 0.9);
  const [worst] = few.worstIntervals;
  assert.ok(worst !== undefined && worst.from < 0.2 && worst.to > 0.2, "the step lies in the worst interval");
  const many = await integrate(integrandOf(steep), { rule: "gauss-legendre", steps: 200, tolerance: 0.01 });
  assert.equal(many.status, "converged");
});

test("the worst intervals hold at least half of the error and lie where the score jumps", async () => {
  const draft = await integrate(integrandOf(steep), { ...adaptive, maxEvaluations: 17 });
  assert.equal(draft.status, "budget");
  assert.ok(sum(draft.worstIntervals.map(({ share }) => share)) >= 0.5);
  assert.ok(draft.worstIntervals.some(({ from, to }) => from <= 0.2 && to >= 0.2));
});

test("a refinement evaluates only what a fresh run would have had more", async () => {
  const coarse = await integrate(integrandOf(kinks), { ...adaptive, tolerance: 0.05 });
  const integrand = integrandOf(kinks);
  const fine = await integrate(integrand, { ...adaptive, tolerance: 0.005, previous: coarse });
  assert.equal(fine.status, "converged");
  assert.equal(integrand.asked.length, fine.evaluations - coarse.evaluations);
  assert.ok(integrand.asked.every((alpha) => !coarse.alphas.includes(alpha)));
  const fresh = await integrate(integrandOf(kinks), { ...adaptive, tolerance: 0.005 });
  assert.ok(fine.evaluations <= 1.5 * fresh.evaluations, `${fine.evaluations} against ${fresh.evaluations}`);
  assert.ok(fine.rounds > coarse.rounds);
  assert.deepEqual(fine.errorByRound.slice(0, coarse.errorByRound.length), coarse.errorByRound);
  checkBooks(coarse);
  checkBooks(fine);
});

test("a refinement to the same tolerance evaluates nothing and gives the same result", async () => {
  const first = await integrate(integrandOf(kinks), adaptive);
  const integrand = integrandOf(kinks);
  const again = await integrate(integrand, { ...adaptive, previous: first });
  assert.equal(integrand.asked.length, 0);
  assert.deepEqual(again.attributions, first.attributions);
  assert.equal(again.rounds, first.rounds);
});

test("an adaptive run takes over the ends that a fixed rule has evaluated, and the other way round", async () => {
  const fixed = await integrate(integrandOf(kinks), { rule: "trapezoid", steps: 9, tolerance: 0.01 });
  const integrand = integrandOf(kinks);
  const result = await integrate(integrand, { ...adaptive, previous: fixed });
  assert.equal(result.status, "converged");
  assert.ok(!integrand.asked.includes(0) && !integrand.asked.includes(1) && !integrand.asked.includes(0.5));
  checkBooks(result);
  checkBooks(
    await integrate(integrandOf(kinks), { rule: "riemann-left", steps: 8, tolerance: 0.01, previous: result }),
  );
});

test("cells add up alike at every grain, and a regrained result needs no evaluation", async () => {
  const [size, pixels] = [144, 12];
  const random = randomOf(11);
  const [w, limit] = [
    Array.from({ length: size }, () => random.uniform() - 0.4),
    Array.from({ length: size }, () => random.uniform()),
  ];
  const image: Example = {
    x: new Array<number>(size).fill(1),
    baseline: new Array<number>(size).fill(0),
    f: (p) => sum(p.map((v, i) => (w[i] ?? 0) * Math.min(v, limit[i] ?? 0))),
    gradient: (p) => p.map((v, i) => (v < (limit[i] ?? 0) ? (w[i] ?? 0) : 0)),
  };
  const layout = "channels-last";
  const grain = (n: number) => imageGrain({ height: pixels, width: pixels, channels: 1, layout }, n);
  const fine = await integrate(integrandOf(image), { ...adaptive, tolerance: 0.02, grain: grain(1) });
  for (const n of [1, 2, 4, 5, 12]) {
    const result = regrain(fine, grain(n));
    close(sum(result.cells), fine.sum);
    assert.deepEqual(result.attributions, fine.attributions);
    assert.equal(result.evaluations, fine.evaluations);
    checkBooks(result);
  }
  const one = regrain(fine, grain(1));
  assert.deepEqual(one.cells, fine.cells);
  assert.equal(one.featureError, fine.featureError);
  assert.equal(one.status, fine.status);

  const coarse = await integrate(integrandOf(image), { ...adaptive, tolerance: 0.02, grain: grain(12) });
  assert.ok(coarse.evaluations < fine.evaluations, "a coarse grain needs fewer evaluations");
  const split = regrain(coarse, grain(1));
  assert.equal(split.status, "budget");
  assert.ok((split.featureError ?? 0) > 0.02);
});

test("a cancelled run leaves a draft that can be shown and continued", async () => {
  const controller = new AbortController();
  const snapshots: RoundSnapshot[] = [];
  const options = { ...adaptive, tolerance: 0.002, batchSize: 4 };
  const run = integrate(integrandOf(kinks), {
    ...options,
    signal: controller.signal,
    onRound: (snapshot) => {
      snapshots.push(snapshot);
      if (snapshots.length === 3) controller.abort();
    },
  });
  await assert.rejects(run, hasCode("cancelled"));
  const draft = snapshots.at(-1)?.integration();
  assert.ok(draft);
  assert.equal(snapshots.at(-1)?.status, "running");
  assert.equal(draft.status, "budget");
  checkBooks(draft);
  const integrand = integrandOf(kinks);
  const finished = await integrate(integrand, { ...options, previous: draft });
  const fresh = await integrate(integrandOf(kinks), options);
  assert.equal(finished.status, "converged");
  assert.equal(finished.evaluations, fresh.evaluations);
  assert.equal(integrand.asked.length, fresh.evaluations - draft.evaluations);
  assert.deepEqual(finished.attributions, fresh.attributions);
});

test("what a cancelled round had evaluated is not evaluated again", async () => {
  const controller = new AbortController();
  const inner = integrandOf(kinks);
  const stopping: PathIntegrand = {
    size: inner.size,
    evaluate: (alphas) => {
      if (inner.asked.length >= 11) controller.abort();
      return inner.evaluate(alphas);
    },
  };
  let last: RoundSnapshot | undefined;
  const onRound = (snapshot: RoundSnapshot): void => {
    last = snapshot;
  };
  await assert.rejects(
    integrate(stopping, { ...adaptive, batchSize: 1, signal: controller.signal, onRound }),
    hasCode("cancelled"),
  );
  const draft = last?.integration();
  assert.equal(draft?.evaluations, inner.asked.length);
  const integrand = integrandOf(kinks);
  await integrate(integrand, { ...adaptive, previous: draft });
  assert.ok(integrand.asked.every((alpha) => !inner.asked.includes(alpha)));
});

test("a run that was cancelled before it began evaluates nothing", async () => {
  const integrand = integrandOf(kinks);
  await assert.rejects(integrate(integrand, { ...adaptive, signal: AbortSignal.abort() }), hasCode("cancelled"));
  assert.equal(integrand.asked.length, 0);
});

test("batches are halved until they fit", async () => {
  const inner = integrandOf(kinks);
  const sizes: number[] = [];
  const tight = (most: number): PathIntegrand => ({
    size: inner.size,
    evaluate: async (alphas) => {
      sizes.push(alphas.length);
      if (alphas.length > most) throw new PathlightError("out-of-memory", "Too much.");
      return inner.evaluate(alphas);
    },
  });
  const result = await integrate(tight(2), adaptive);
  assert.equal(result.status, "converged");
  assert.deepEqual(sizes.slice(0, 4), [9, 4, 2, 2]);
  assert.ok(
    sizes.slice(2).every((size) => size <= 2),
    "what did not fit is not tried again",
  );
  await assert.rejects(integrate(tight(0), adaptive), hasCode("out-of-memory"));
});

test("a score or gradient that is not finite is an error with its place", async () => {
  const at = (alphas: readonly number[], bad: number, good: number) =>
    alphas.map((alpha) => (alpha > 0.6 ? bad : good));
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const badScore: PathIntegrand = {
      size: 1,
      evaluate: async (alphas) => ({
        f: Float64Array.from(at(alphas, bad, 1)),
        g: alphas.map(() => new Float32Array(1)),
      }),
    };
    const badGradient: PathIntegrand = {
      size: 1,
      evaluate: async (alphas) => ({
        f: new Float64Array(alphas.length),
        g: at(alphas, bad, 1).map((value) => Float32Array.of(value)),
      }),
    };
    for (const integrand of [badScore, badGradient]) {
      await assert.rejects(
        integrate(integrand, adaptive),
        (error) => error instanceof PathlightError && error.code === "not-finite" && /α = 0\.6\d+/.test(error.message),
      );
    }
  }
});

test("whatever else the integrand throws is passed on", async () => {
  const broken: PathIntegrand = { size: 1, evaluate: () => Promise.reject(new Error("kernel")) };
  await assert.rejects(integrate(broken, adaptive), /kernel/);
});

test("the budget is kept to the node, and three evaluations are enough for an honest draft", async () => {
  for (const maxEvaluations of [3, 5, 8, 9, 10, 12, 17, 30]) {
    const result = await integrate(integrandOf(steep), { ...adaptive, tolerance: 1e-4, maxEvaluations });
    assert.ok(result.evaluations <= maxEvaluations, `${result.evaluations} of ${maxEvaluations}`);
    assert.equal(result.status, "budget");
    checkBooks(result);
    if (maxEvaluations < 17) assert.ok((result.featureError ?? 0) > 0.05);
  }
  await assert.rejects(integrate(integrandOf(steep), { ...adaptive, maxEvaluations: 2 }), hasCode("usage"));
  await assert.rejects(integrate(integrandOf(steep), { ...adaptive, tolerance: 0 }), hasCode("usage"));
  await assert.rejects(integrate(integrandOf(steep), { ...adaptive, grain: identityGrain(3) }), hasCode("usage"));
});

test("a function that does not change converges to zeros", async () => {
  const flat: Example = { x: [1, 2], baseline: [0, 0], f: () => 7, gradient: () => [0, 0] };
  for (const rule of ["adaptive", ...fixedRules] as const) {
    const result = await integrate(integrandOf(flat), { rule, tolerance: 0.01 });
    assert.equal(result.status, "converged");
    assert.deepEqual([...result.attributions], [0, 0]);
    assert.equal(result.completenessError.relative, null);
    assert.equal(result.featureError, 0);
  }
});

test("attributions that cancel are called ill-conditioned", async () => {
  const cancelling: Example = {
    x: [1, 1],
    baseline: [0, 0],
    f: (p) => 10 * (p[0] ?? 0) - 9.9 * (p[1] ?? 0),
    gradient: () => [10, -9.9],
  };
  const result = await integrate(integrandOf(cancelling), adaptive);
  assert.equal(result.illConditioned, true);
  assert.equal((await integrate(integrandOf(steep), adaptive)).illConditioned, false);
});

test("a safety factor is on the stated error", async () => {
  const plain = await integrate(integrandOf(kinks), { ...adaptive, maxEvaluations: 17 });
  const safe = await integrate(integrandOf(kinks), { ...adaptive, maxEvaluations: 17, safety: 2 });
  close(safe.featureError ?? 0, 2 * (plain.featureError ?? 0));
});
