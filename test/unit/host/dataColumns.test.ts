import assert from "node:assert/strict";
import test from "node:test";
import { textColumnsOf } from "../../../src/host/dataColumns.ts";
import { sampleKindOf } from "../../../src/host/sampleKind.ts";

test("columns with text, not those with numbers", () => {
  assert.deepEqual(textColumnsOf("a.csv", "id,question,answer\n1,Who?,she\n2,Why?,so\n", 1), ["question", "answer"]);
  assert.deepEqual(textColumnsOf("a.jsonl", '{"n": 1, "text": "x"}\n{"n": 2, "text": "y", "type": "z"}\n', 0), [
    "text",
    "type",
  ]);
  assert.deepEqual(textColumnsOf("a.txt", "one\ntwo\n", 0), []);
});

test("a broken row hides no column of the others", () => {
  assert.deepEqual(textColumnsOf("a.jsonl", '{"text": "x"}\n{broken\n', 1), ["text"]);
});

test("what a file can be explained as", () => {
  assert.equal(sampleKindOf("/a/B.PNG"), "image");
  assert.equal(sampleKindOf("a.ndjson"), "rows");
  assert.equal(sampleKindOf("a.npy"), "tensor");
  assert.equal(sampleKindOf("a.py"), undefined);
  assert.equal(sampleKindOf(".png"), undefined);
  assert.equal(sampleKindOf("png"), undefined);
});
