import assert from "node:assert/strict";
import test from "node:test";
import { explanationSummary } from "../../../../src/host/editor/explanationSummary.ts";
import type { Explanation, TextAttribution, Token } from "../../../../src/protocol/explanation.ts";
import { explanation } from "../../protocol/explanationFixture.ts";

const text = "who is the author";

function token(part: string, word: number, special: Token["special"] = "none"): Token {
  const start = special === "none" ? text.indexOf(part.replace("##", "")) : 0;
  const end = special === "none" ? start + part.replace("##", "").length : 0;
  return { text: part, id: 1, start, end, special, word };
}

const tokens = [
  token("[CLS]", -1, "other"),
  token("who", 0),
  token("is", 1),
  token("the", 2),
  token("aut", 3),
  token("##hor", 3),
  token("[PAD]", -1, "pad"),
  token("[PAD]", -1, "pad"),
];
const attribution: TextAttribution = {
  kind: "text",
  input: "ids",
  shape: [tokens.length],
  text,
  truncatedFrom: null,
  gap: null,
  fields: [],
  tokens,
  values: Float32Array.of(-0.5, 2.1, 0.1, 0, 0.5, 0.3, 0.25, 0.25),
  gradient: null,
  cellErrors: null,
};
const predictions = [
  { index: 0, label: "location", score: 0.03, logit: -1 },
  { index: 1, label: "human", score: 0.97, logit: 3 },
];
const base: Explanation = {
  ...explanation,
  target: { index: 1, label: "human", output: "p", link: "logit" },
  predictions,
  attributions: [attribution],
  completenessError: { absolute: 0.004, relative: 0.004 },
  featureError: 0.003,
};

test("a reliable explanation: prediction, the strongest words with their sign, the larger error", () => {
  const { title, details, distrusted } = explanationSummary(base, 0.05);
  assert.equal(title, 'human 0.97 · "who" +2.1 · "author" +0.80 · error 0.4\u202f%');
  assert.equal(distrusted, false);
  assert.match(details, /Special tokens: 1, together −0\.500/);
  assert.match(details, /Padding: 2, together \+0\.500/);
});

test("a special token or padding that is among the strongest is named as such", () => {
  const values = Float32Array.of(-3, 0.1, 0.1, 0, 0.5, 0.3, 1, 1);
  const { title } = explanationSummary({ ...base, attributions: [{ ...attribution, values }] }, 0.05);
  assert.equal(title, "human 0.97 · [CLS] −3.0 · padding +2.0 · error 0.4\u202f%");
});

test("a class that was not predicted is named, and certainty is not overstated", () => {
  const sure = [predictions[0], { index: 1, label: "human", score: 0.9994, logit: 9 }] as Explanation["predictions"];
  const target = { ...base.target, index: 0, label: "location" };
  const { title } = explanationSummary({ ...base, target, predictions: sure }, 0.05);
  assert.match(title, /^human >0\.99 · for location · "who"/);
});

test("of a map that must not be read no word is told", () => {
  const low = explanationSummary({ ...base, completenessError: { absolute: 0.4, relative: 0.4 } }, 0.05);
  assert.equal(low.title, "Low trust · human 0.97 · error 40\u202f%");
  assert.equal(low.distrusted, true);
  const suspect = explanationSummary({ ...base, status: "suspect-gradient" }, 0.05);
  assert.match(suspect.title, /^Gradient suspect · human 0\.97 · error/);
  assert.equal(suspect.distrusted, true);
});

test("a draft is called one, what was cut off is told, scores that are no probabilities stay scores", () => {
  const draft = explanationSummary({ ...base, status: "cancelled", featureError: 0.1 }, 0.05);
  assert.match(draft.title, /^Draft · human 0\.97 · "who" \+2\.1 .* error 10\u202f%$/);
  const cut = { code: "truncated", message: "The last 9 characters were not seen." } as const;
  assert.match(explanationSummary({ ...base, warnings: [cut] }, 0.05).details, /last 9 characters/);
  const windows = { code: "windows", message: "Read in 3 windows of 512 tokens." } as const;
  assert.match(explanationSummary({ ...base, warnings: [windows] }, 0.05).details, /3 windows of 512/);
  const regression = [{ index: 0, label: "score", score: 3.25, logit: 3.25 }];
  const target = { ...base.target, index: 0 };
  assert.match(explanationSummary({ ...base, predictions: regression, target }, 0.05).title, /^score 3\.25 · /);
});
