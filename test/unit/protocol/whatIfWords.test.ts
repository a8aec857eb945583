import assert from "node:assert/strict";
import test from "node:test";
import type { TextAttribution } from "../../../src/protocol/explanation.ts";
import { formatSignedAlike } from "../../../src/protocol/format.ts";
import { disagreement, editAsText, editTitle, promiseOf } from "../../../src/protocol/whatIfWords.ts";
import { pairAttribution } from "../webview/harness/textScenes.ts";

const plain = pairAttribution("ids", [{ name: null, text: "Who was the first woman in space, please?" }], 1);
const text: TextAttribution = { ...plain, values: Float32Array.from(plain.values, (_, position) => position / 10) };
const explanation = {
  attributions: [text],
  baseline: { spec: { kind: "name" as const, name: "zero-embedding" as const }, label: "Zero embedding" },
  target: { index: 0, label: "human", output: "dense", link: "logit" as const },
  deltaF: 4,
  mapSize: 5,
};
const blank = (...tokens: number[]) => ({ kind: "blank" as const, input: "ids", tokens });
const remove = (...tokens: number[]) => ({ kind: "delete" as const, input: "ids", tokens });

test("edits are called by what they do to which words", () => {
  assert.equal(editTitle(explanation, [blank(1)]), "mask “Who”");
  assert.equal(editTitle(explanation, [remove(4, 5)]), "delete “first woman”");
  assert.equal(
    editTitle(explanation, [{ kind: "replace", input: "ids", tokens: [5], text: "man" }, remove(9)]),
    "“woman” → “man”, delete “please”",
  );
  assert.equal(
    editTitle(explanation, [remove(1, 2, 3, 4, 5, 6, 7, 8, 9)]),
    "delete “Who was the first woman in space, p…”",
  );
  const unknown = { ...text, blank: { id: 1, text: "[UNK]", kind: "unknown" as const } };
  assert.equal(editTitle({ attributions: [unknown] }, [blank(9)]), "blank “please” with [UNK]");
});

test("the promise is what the removed tokens no longer bring, in all attributions of the input", () => {
  assert.ok(Math.abs(promiseOf(explanation, [{ input: "ids", tokens: [4, 5] }]) + 0.9) < 1e-6);
  const two = { attributions: [text, { ...text }, { ...text, input: "other" }] };
  assert.ok(Math.abs(promiseOf(two, [{ input: "ids", tokens: [4, 5] }]) + 1.8) < 1e-6);
});

test("a sentence names the edit whose promise is furthest from what was measured, and what differs in the two questions", () => {
  const near = { edit: [blank(1)], promised: -3.28, measured: -3.1 };
  assert.equal(disagreement(explanation, [near]), null);
  assert.equal(disagreement(explanation, [{ edit: [blank(2)], promised: 0.02, measured: -0.02 }]), null);
  const far = disagreement(explanation, [near, { edit: [remove(9)], promised: -0.9, measured: 1.2 }]);
  assert.match(far ?? "", /^Delete “please”: the map says −0\.900, the model \+1\.20\. An attribution is no ablation/);
  assert.match(far ?? "", /baseline \(Zero embedding\), here nothing stands in its place, what follows moves up,/);
  assert.match(
    disagreement(explanation, [{ edit: [blank(9)], promised: -0.3, measured: -2 }]) ?? "",
    /^Mask “please”.*here \[MASK\] stands in its place, and the words/,
  );
});

test("an edit as text says what was edited, what it reads as now, and both figures", () => {
  const result = {
    kind: "measured" as const,
    score: 5.8,
    target: null,
    predictions: [],
    removed: [{ input: "ids", tokens: [9] }],
    texts: [{ input: "ids", name: null, text: "Who was the first woman in space, ?" }],
    notes: [],
    samples: [{ sample: { kind: "text" as const, text: "…" } }],
  };
  assert.equal(
    editAsText(explanation, [remove(9)], result, 9),
    "delete “please”\nWho was the first woman in space, ?\nhuman: 9.00 → 5.80; the map says −0.900, measured −3.20",
  );
});

test("figures under each other have the decimals of the largest", () => {
  assert.deepEqual(
    [3.52, -0.06, 0.001, 0, -0.93].map((value) => formatSignedAlike(value, 3.52)),
    ["+3.52", "−0.06", "0", "0", "−0.93"],
  );
  assert.equal(formatSignedAlike(0.0123, 0.5), "+0.012");
  assert.equal(formatSignedAlike(1234, 2345), "+1234");
});
