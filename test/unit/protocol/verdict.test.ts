import assert from "node:assert/strict";
import test from "node:test";
import { bannerOf, type VerdictInput, verdictOf } from "../../../src/protocol/verdict.ts";
import { explanation } from "./explanationFixture.ts";

const good: VerdictInput = {
  status: "converged",
  method: "integrated-gradients",
  completenessError: { absolute: 0.05, relative: 0.005 },
  featureError: 0.008,
  tolerance: 0.01,
  evaluations: 65,
  deltaF: 10,
  mapSize: 40,
};

const cases: [string, Partial<VerdictInput>, string][] = [
  ["both errors within the tolerance", {}, "reliable"],
  ["the sum within, the values not", { featureError: 0.02, status: "budget" }, "draft"],
  ["the values within, the sum not", { completenessError: { absolute: 0.3, relative: 0.03 } }, "draft"],
  ["the sum off by more than the setting", { completenessError: { absolute: 0.6, relative: 0.06 } }, "low-trust"],
  ["values off by more than a quarter", { featureError: 0.26, status: "budget" }, "low-trust"],
  ["still running, however good", { status: "running" }, "sharpening"],
  ["at the end of float32", { status: "precision-floor", featureError: 0.03 }, "precision"],
  ["a floor that is far off is no excuse", { status: "precision-floor", featureError: 0.4 }, "low-trust"],
  ["a gradient that contradicts the score", { status: "suspect-gradient", featureError: 0.001 }, "suspect"],
  ["no change", { completenessError: { absolute: 0.01, relative: null }, deltaF: 0 }, "no-change"],
  [
    "no change, and a map that does not cancel",
    { completenessError: { absolute: 10, relative: null }, deltaF: 0 },
    "low-trust",
  ],
  ["a gradient that happens to add up", { method: "gradient", featureError: null }, "draft"],
];

for (const [name, change, kind] of cases) {
  test(`verdict: ${name}`, () => {
    assert.equal(verdictOf({ ...good, ...change }, 0.05).kind, kind);
  });
}

test("the warning threshold is the user's", () => {
  const off = { ...good, completenessError: { absolute: 0.6, relative: 0.06 } };
  assert.equal(verdictOf(off, 0.1).kind, "draft");
});

test("the banner says how much, where and why, and offers what applies", () => {
  const low = {
    ...explanation,
    status: "budget" as const,
    target: { ...explanation.target, link: "softmax" as const },
    sum: 1.32,
    deltaF: 0.82,
    evaluations: 17,
    completenessError: { absolute: 0.5, relative: 0.61 },
    featureError: 1.2,
    path: { ...explanation.path, worst: [{ from: 0.125, to: 0.25, error: 0.3, share: 0.61 }] },
  };
  const banner = bannerOf(low, 0.05);
  assert.ok(banner);
  assert.match(banner.sentence, /adds up to \+1\.32.*changed by \+0\.82/i);
  assert.match(banner.sentence, /61\s%.*between 13\s%\sand 25\s% of the path, where softmax jumps/);
  assert.deepEqual(banner.actions, ["refine", "explain-logit", "another-baseline"]);
  assert.deepEqual(bannerOf({ ...low, target: { ...low.target, link: "logit" } }, 0.05)?.actions, [
    "refine",
    "another-baseline",
  ]);
  assert.equal(bannerOf({ ...low, status: "suspect-gradient" }, 0.05)?.actions.includes("refine"), false);
  assert.equal(bannerOf(explanation, 0.05), null);
});

test("where the sum is right and the values are not, the banner says just that", () => {
  const rough = { ...explanation, sum: 10.2, deltaF: 10.1, featureError: 0.3 };
  const sentence = bannerOf({ ...rough, completenessError: { absolute: 0.1, relative: 0.01 } }, 0.05)?.sentence;
  assert.match(sentence ?? "", /^It adds up to the score change, but its single values are off by about 30\s%\./);
});
