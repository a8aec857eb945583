import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { ledgerLayout } from "../../../webview-ui/elements/ledger.ts";
import { frameOf, modelPixel, originalRect, visiblePart, zoomAbout } from "../../../webview-ui/image/frame.ts";
import { cellAt, cellPlace, grainChoices, imageMap } from "../../../webview-ui/image/imageMap.ts";
import { predictionRows } from "../../../webview-ui/model/predictionRows.ts";
import { niceTicks } from "../../../webview-ui/model/ticks.ts";
import { restoreViewState } from "../../../webview-ui/model/viewState.ts";
import { tokenGroups } from "../../../webview-ui/text/tokenGroups.ts";
import { imageExplanation, textExplanation } from "./harness/scenes.ts";

const image = imageExplanation().attributions[0];
const text = textExplanation().attributions[0];

test("the map is drawn back where the model saw it", () => {
  assert.ok(image?.kind === "image");
  const cropped = { ...image, original: { width: 500, height: 400 }, crop: { x: 50, y: 0, width: 400, height: 400 } };
  assert.deepEqual(frameOf(cropped), { x: 0, y: 0, width: 500, height: 400 });
  assert.equal(modelPixel(cropped, 49, 200), null);
  assert.deepEqual(modelPixel(cropped, 50, 0), { x: 0, y: 0 });
  assert.deepEqual(modelPixel(cropped, 449.9, 399.9), { x: 223, y: 223 });
  const whole = originalRect(cropped, { x: 0, y: 0, width: 224, height: 224 });
  assert.deepEqual([whole.x, whole.y, whole.width, whole.height], [50, 0, 400, 400]);
  const padded = { ...image, original: { width: 512, height: 300 }, crop: { x: 0, y: -106, width: 512, height: 512 } };
  assert.deepEqual(frameOf(padded), { x: 0, y: -106, width: 512, height: 512 });
});

test("zooming about a point leaves that point where it is, and never leaves the picture", () => {
  const frame = { x: -20, y: 0, width: 640, height: 480 };
  const unit = fc.double({ min: 0.2, max: 0.8, noNaN: true });
  fc.assert(
    fc.property(unit, unit, fc.double({ min: 1.1, max: 8, noNaN: true }), (u, v, factor) => {
      const zoom = zoomAbout(frame, { scale: 1, x: 0.5, y: 0.5 }, factor, u, v);
      const seen = visiblePart(frame, zoom);
      assert.ok(Math.abs(seen.x + u * seen.width - (frame.x + u * frame.width)) < 1e-6);
      assert.ok(seen.x >= frame.x - 1e-9 && seen.x + seen.width <= frame.x + frame.width + 1e-9);
      assert.ok(seen.y >= frame.y - 1e-9 && seen.y + seen.height <= frame.y + frame.height + 1e-9);
    }),
    { seed: 2, numRuns: 200 },
  );
});

test("a cell's place leads back to the cell, at every grain", () => {
  assert.ok(image?.kind === "image");
  for (const grain of [1, 7, 8, 32, 100]) {
    const map = imageMap(image, grain);
    for (const index of [0, 1, map.grid.values.length - 1]) assert.equal(cellAt(map, cellPlace(map, index)), index);
    assert.equal(map.errors === null, grain !== image.grain);
  }
  assert.deepEqual(grainChoices(48, 48, 1), [1, 2, 4, 8, 16]);
  assert.deepEqual(grainChoices(224, 224, 10), [1, 2, 4, 8, 10, 16, 32]);
});

test("words and tokens add up alike; padding is one mark, special tokens stay", () => {
  assert.ok(text?.kind === "text");
  const total = text.values.reduce((sum, value) => sum + value, 0);
  for (const unit of ["word", "token"] as const) {
    const groups = tokenGroups(text, unit);
    const sum = groups.reduce((all, { value }) => all + value, 0);
    assert.ok(Math.abs(sum - total) < 1e-9);
    assert.equal(
      groups.reduce((count, group) => count + group.count, 0),
      text.tokens.length,
    );
    assert.equal(groups.at(-1)?.text, "[PAD]×9");
    assert.equal(groups[0]?.text, "[CLS]");
  }
  assert.ok(tokenGroups(text, "word").some((group) => group.text === "American" && group.count === 2));
  assert.ok(tokenGroups(text, "token").some((group) => group.text === "ican" && !group.spaced));
});

test("ticks are round and lie inside", () => {
  assert.deepEqual(niceTicks(0, 7.9, 4), [0, 2, 4, 6]);
  assert.deepEqual(niceTicks(0, 1.04, 4), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(niceTicks(-0.15, 9.1, 4), [0, 2, 4, 6, 8]);
  assert.deepEqual(niceTicks(3, 3, 4), [3]);
});

test("a view state that is damaged or from another version falls back field by field", () => {
  const view = restoreViewState({ tab: "history", opacity: 7, zoom: "no", grain: 4, unknown: 1 });
  assert.equal(view.tab, "history");
  assert.equal(view.opacity, 0.9);
  assert.equal(view.grain, 4);
  assert.equal(view.zoom.scale, 1);
  assert.equal(restoreViewState(undefined).sign, "signed");
});

test("the ledger starts at the baseline and runs towards the sample, whichever way the score goes", () => {
  assert.deepEqual(ledgerLayout({ deltaF: 4, sum: 5 }), { baseline: 0, sample: 80, end: 100 });
  assert.deepEqual(ledgerLayout({ deltaF: -4, sum: -3 }), { baseline: 0, sample: 100, end: 75 });
  assert.deepEqual(ledgerLayout({ deltaF: 3, sum: -1 }), { baseline: 25, sample: 100, end: 0 });
  assert.deepEqual(ledgerLayout({ deltaF: 0, sum: 0 }), { baseline: 0, sample: 0, end: 0 });
});

test("the class that is explained is always among the rows", () => {
  const predictions = [0.1, 0.6, 0.05, 0.2, 0.05].map((score, index) => ({
    index,
    label: `c${index}`,
    score,
    logit: 0,
  }));
  const { rows, others, exclusive } = predictionRows(predictions, 2);
  assert.deepEqual(
    rows.map(({ index }) => index),
    [1, 2],
  );
  assert.deepEqual(
    others.map(({ index }) => index),
    [3, 0, 4],
  );
  assert.equal(exclusive, true);
  const independent = predictionRows(
    predictions.map((one) => ({ ...one, score: 0.9 })),
    0,
  );
  assert.deepEqual([independent.exclusive, independent.probabilities], [false, true]);
  assert.equal(predictionRows([{ index: 0, label: "risk", score: 2.3, logit: 2.3 }], 0).probabilities, false);
});
