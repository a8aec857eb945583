import assert from "node:assert/strict";
import test from "node:test";
import { auditText, culpritText, nodeName } from "../../../src/protocol/auditWords.ts";
import { bannerOf, verdictOf } from "../../../src/protocol/verdict.ts";
import { confirmedAudit, refutingAudit } from "../webview/harness/audits.ts";
import { explanation } from "./explanationFixture.ts";

const suspect = { ...explanation, status: "suspect-gradient" as const };

test("a suspicion offers the audit first; its finding takes the place of the suspicion", () => {
  assert.equal(bannerOf(suspect, 0.05)?.actions[0], "audit");
  const refuted = { ...suspect, audit: refutingAudit() };
  assert.match(bannerOf(refuted, 0.05)?.title ?? "", /block_15_project \(Conv2D\).*do not trust this map/);
  assert.equal(verdictOf(refuted, 0.05).title, "Gradient wrong");
  const cleared = bannerOf({ ...suspect, audit: confirmedAudit() }, 0.05);
  assert.match(cleared?.sentence ?? "", /may jump/);
  assert.equal(cleared?.actions.includes("audit"), false);
});

test("a wrong gradient is never reliable, however well its map adds up", () => {
  const lucky = { ...explanation, audit: refutingAudit() };
  assert.equal(verdictOf(lucky, 0.05).kind, "suspect");
  assert.ok(bannerOf(lucky, 0.05));
  assert.equal(verdictOf({ ...explanation, audit: confirmedAudit() }, 0.05).kind, verdictOf(explanation, 0.05).kind);
  assert.equal(bannerOf({ ...explanation, audit: confirmedAudit() }, 0.05), null);
});

test("the size of an error in words: too large, too small, zero, of the wrong sign, or off", () => {
  const [culprit] = refutingAudit().culprits;
  assert.ok(culprit);
  const profile = (ratio: (alpha: number) => number) => ({
    ...culprit,
    profile: culprit.profile.map((each) => ({ ...each, gradient: each.difference * ratio(each.alpha) })),
  });
  assert.match(culpritText(profile(() => 1.1)), /^it is 10(\.0)?\s%\stoo large$/);
  assert.match(culpritText(profile(() => 0.9)), /^it is 10(\.0)?\s%\stoo small$/);
  assert.match(culpritText(profile(() => -1)), /wrong sign/);
  assert.match(culpritText(profile(() => 0)), /zero/);
  assert.match(culpritText(profile((alpha) => 1 + alpha)), /off by 9\.1\s%/);
});

test("nodes have the names that people know them by", () => {
  assert.equal(nodeName({ id: "conv2", op: "Conv2D", layer: "conv2" }), "conv2 (Conv2D)");
  assert.equal(nodeName({ id: "conv2:pre", op: "Conv2D", layer: "conv2" }), "conv2 (Conv2D, node conv2:pre)");
  assert.equal(nodeName({ id: "relu1", op: "Relu", layer: null }), "relu1 (Relu)");
  assert.equal(nodeName({ id: "(score)", op: "softmax", layer: null }), "softmax of the score");
  assert.match(auditText(confirmedAudit()).title, /within 1\.4\s%$/);
});
