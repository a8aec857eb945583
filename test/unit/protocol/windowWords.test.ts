import assert from "node:assert/strict";
import test from "node:test";
import { listText, windowsReading, windowsText, windowText } from "../../../src/protocol/windowWords.ts";

const range = (from: number, to: number) => ({ from, to, score: 0.25, logit: -1.5 });
const windows = { length: 512, overlap: 128, ranges: [range(1, 511), range(383, 893), range(591, 1101)] };

test("windows are said with their overlap, and with that of the last one where it is another", () => {
  assert.equal(windowsText(windows), "3 windows of 512 tokens, overlap 128 (302 for the last)");
  const even = { ...windows, overlap: 0, ranges: [range(0, 512), range(512, 1024)] };
  assert.equal(windowsText(even), "2 windows of 512 tokens, overlap 0");
});

test("one window, with what the model says there", () => {
  const reads = "Window 2 of 3: 510 tokens of the text";
  assert.equal(windowText(windows, 1, { label: "human", link: "logit" }), `${reads}, human −1.50`);
  assert.equal(windowText(windows, 1, { label: "human", link: "softmax" }), `${reads}, human 25.0\u202f%`);
  const nothing = { ...windows, ranges: windows.ranges.map((each) => ({ ...each, score: null, logit: null })) };
  assert.equal(windowText(nothing, 1, { label: "a - b", link: "logit" }), reads);
});

test("a token is read by the windows that hold it, and what stands around the text by all", () => {
  const read = (...tokens: number[]) => listText(windowsReading(windows, Uint32Array.from(tokens)));
  assert.deepEqual(
    [1, 382].map((token) => read(token)),
    ["1", "1"],
  );
  assert.equal(read(383), "1 and 2");
  assert.equal(read(510, 511), "1 and 2");
  assert.equal(read(591), "2 and 3");
  assert.equal(read(893), "3");
  assert.deepEqual(
    [0, 1101].map((token) => read(token)),
    ["1, 2 and 3", "1, 2 and 3"],
  );
  assert.equal(listText([2, 3, 4, 5]), "2 to 5");
});
