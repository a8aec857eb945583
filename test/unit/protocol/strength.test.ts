import assert from "node:assert/strict";
import test from "node:test";
import { resolveTarget } from "../../../src/compute/target.ts";
import { meanPredictions, windowPredictions } from "../../../src/compute/windows/windowPredictions.ts";
import { byStrength } from "../../../src/protocol/strength.ts";

const head = { output: "logits", activation: "none", logit: "logits" } as const;

test("the predicted class is the one that is shown as the likeliest, also where mean logits say another", () => {
  // One window is very sure of a, two are rather sure of b.
  const logits = Float32Array.of(10, 0, -3, 0, -3, 0);
  const windows = windowPredictions(head, "classification", { logits, outputs: logits }, ["a", "b"]);
  const predictions = meanPredictions(windows);
  assert.deepEqual(
    predictions.map(({ logit }) => Math.round(100 * logit)),
    [133, 0],
  );
  const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
  assert(Math.abs((predictions[0]?.score ?? 0) - (sigmoid(10) + 2 * sigmoid(-3)) / 3) < 1e-6);
  assert.equal(resolveTarget({ kind: "predicted" }, predictions).label, "b");
  assert.deepEqual(
    [...predictions].sort(byStrength).map(({ label }) => label),
    ["b", "a"],
  );
});

test("of one window they are what it says, and equal probabilities are told apart by their logits", () => {
  const logits = Float32Array.of(40, 60, 20);
  const [one = []] = windowPredictions(head, "multi-label", { logits, outputs: logits }, ["a", "b", "c"]);
  assert.deepEqual(meanPredictions([one]), one);
  assert.equal(one[0]?.score, one[1]?.score);
  assert.equal(resolveTarget({ kind: "predicted" }, one).label, "b");
});
