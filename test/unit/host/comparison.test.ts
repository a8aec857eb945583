import assert from "node:assert/strict";
import test from "node:test";
import { cellSums, comparisonOf } from "../../../src/host/comparison.ts";
import { type Explanation, explanationSchema } from "../../../src/protocol/explanation.ts";
import { comparisonSchema } from "../../../src/protocol/panel.ts";
import { explanation as reliable } from "../protocol/explanationFixture.ts";

const image = (values: number[], grain = 1) => ({
  kind: "image",
  input: "x",
  shape: [2, 3, 1],
  height: 2,
  width: 3,
  original: { height: 2, width: 3 },
  crop: { x: 0, y: 0, width: 3, height: 2 },
  values: Float32Array.from(values),
  gradient: null,
  grain,
  cellErrors: null,
});

function explanation(change: Record<string, unknown>): Explanation {
  return explanationSchema.parse({
    ...reliable,
    target: { index: 0, label: "5", output: "o", link: "logit" },
    attributions: [image([1, 2, 3, 4, 5, 6])],
    ...change,
  });
}

const shown = (change: Record<string, unknown>) => ({ explanation: explanation(change), picture: null });

test("cells are sums at the grain, cut off at the edges", () => {
  const [attribution] = explanation({ attributions: [image([1, 2, 3, 4, 5, 6], 2)] }).attributions;
  assert.ok(attribution !== undefined);
  assert.deepEqual([...Array.from(cellSums(attribution))], [12, 9]);
});

test("the caption says what differs; each label names target and baseline", () => {
  const white = { spec: { kind: "name", name: "white" }, label: "White" };
  const comparison = comparisonOf(shown({}), shown({ baseline: white }));
  assert.equal(comparison.caption, "Two baselines; same sample and target");
  assert.equal(comparison.leftLabel, "5 · from Black");
  assert.equal(comparison.rightLabel, "5 · from White");
  assert.equal(comparison.rankCorrelation, 1);
  assert.equal(comparison.topOverlap, 1);
  assert.equal(comparisonSchema.safeParse(comparison).success, true);
});

test("maps of different places are not compared by number", () => {
  const comparison = comparisonOf(shown({}), shown({ attributions: [image([1, 2, 3, 4, 5, 6], 2)] }));
  assert.equal(comparison.rankCorrelation, null);
  assert.equal(comparison.topOverlap, null);
});

test("maps of two samples are not compared by number either", () => {
  const other = { title: "b.png", path: "/b.png", row: null };
  assert.equal(comparisonOf(shown({}), shown({ sample: other })).rankCorrelation, null);
});
