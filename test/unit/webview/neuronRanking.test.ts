import assert from "node:assert/strict";
import test from "node:test";
import { knownRank, rankChoices, rankNeurons, searched } from "../../../webview-ui/layers/neuronRanking.ts";
import { pruningCounts } from "../../../webview-ui/layers/pruningCounts.ts";
import { neurons, patchA, patchB } from "./harness/layerScenes.ts";

const named = [patchA, patchB].map((patch) => ({ ...patch, kind: "patch" as const }));
const found = neurons({
  runId: "run",
  deltaF: 2,
  patches: named,
  shape: [4],
  change: {
    conductance: Float32Array.of(0.5, -1, Number.NaN, 0.1),
    conductanceErrors: Float32Array.of(0.01, 0.02, Number.NaN, 0.03),
    values: Float32Array.of(0.4, 0, Number.NaN, 0.1, 0.1, -1, Number.NaN, 0.2),
    errors: Float32Array.of(0.1, 0.1, Number.NaN, 0.1, 0.2, 0.2, Number.NaN, 0.2),
  },
});

test("neurons are ranked by a patch, by the difference of two, or by the whole; what is not finite stands last", () => {
  assert.deepEqual([...rankNeurons(found, "whole").order], [1, 0, 3, 2]);
  assert.deepEqual([...rankNeurons(found, "A").order], [0, 3, 1, 2]);
  const difference = rankNeurons(found, "difference");
  assert.deepEqual([...difference.order], [1, 0, 3, 2]);
  assert.ok(Math.abs((difference.values[0] ?? 0) - 0.3) < 1e-6);
  // Errors of a difference add up.
  assert.ok(Math.abs((difference.errors[0] ?? 0) - 0.3) < 1e-6);
  // A patch that is gone: the whole.
  assert.equal(knownRank(found, "C"), "whole");
  assert.deepEqual(
    rankChoices(found, "Whole picture").map(({ label }) => label),
    ["A", "B", "A − B", "Whole picture"],
  );
});

test("bars reach as far as values and errors do", () => {
  const { low, high } = rankNeurons(found, "A");
  assert.ok(Math.abs(high - 0.5) < 1e-6);
  assert.ok(Math.abs(low + 0.1) < 1e-6);
});

test("a number finds the neurons of every node that begin with it", () => {
  const two = [
    { id: "a", op: "Relu", shape: [30], axis: 0, offset: 0, count: 30 },
    { id: "b", op: "Relu", shape: [30], axis: 0, offset: 30, count: 30 },
  ];
  const order = Uint32Array.from({ length: 60 }, (_, at) => 59 - at);
  assert.deepEqual([...searched(order, two, " 29")], [59, 29]);
  assert.deepEqual([...searched(order, two, "x")], []);
  assert.equal(searched(order, two, "").length, 60);
});

test("the pruning experiment goes from few neurons to a twentieth of the layer", () => {
  assert.deepEqual(pruningCounts(576), [3, 6, 9, 12, 15, 17, 20, 23, 26, 29]);
  assert.deepEqual(pruningCounts(8), [1, 2, 3, 4, 5, 6, 7, 8]);
  for (const neurons of [1, 5, 20, 64, 300, 4096]) {
    const counts = pruningCounts(neurons);
    assert.ok((counts.at(-1) ?? 0) <= neurons);
    assert.deepEqual(
      counts,
      [...new Set(counts)].sort((a, b) => a - b),
    );
  }
});
