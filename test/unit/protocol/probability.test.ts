import assert from "node:assert/strict";
import test from "node:test";
import { areProbabilities, areValues } from "../../../src/protocol/probability.ts";
import { explainedText, scoreKind } from "../../../src/protocol/targetWords.ts";

test("a value of a regression between 0 and 1 is no probability", () => {
  assert.equal(areProbabilities([{ score: 0.4, logit: 0.4 }]), false);
  assert.equal(areValues([{ score: 0.4, logit: 0.4 }]), true);
  assert.equal(areProbabilities([{ score: 0.4, logit: -0.405 }]), true);
  assert.equal(areValues([{ score: 0.4, logit: -0.405 }]), false);
  // One of several that happens to equal its logit.
  const mixed = [
    { score: 0.5, logit: 0.5 },
    { score: 0.5, logit: 0.6 },
  ];
  assert.deepEqual([areProbabilities(mixed), areValues(mixed)], [true, false]);
  assert.equal(areProbabilities([{ score: 1.2, logit: 1.2 }]), false);
  assert.equal(areValues([]), false);
});

test("what is explained of a regression is its value, not a logit", () => {
  const target = { index: 0, label: "kWh a day", output: "heating", link: "logit" } as const;
  assert.deepEqual([explainedText(target), scoreKind(target)], ["logit of kWh a day", "logit"]);
  const value = { ...target, regression: true } as const;
  assert.deepEqual([explainedText(value), scoreKind(value)], ["kWh a day", "value"]);
});
