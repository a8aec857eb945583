import assert from "node:assert/strict";
import test from "node:test";
import { readAs, type Subject } from "../../../src/host/subject.ts";
import { modelSchema } from "../../../src/protocol/manifest.ts";

const row = { kind: "rows", sample: { kind: "file", path: "/w/homes.csv", row: 0 }, title: "homes.csv · 1" } as const;
const words = { kind: "text", tokenizer: { type: "words", vocabulary: "vocab.txt" } };
const held = { kind: "tensor", name: "mask", hold: true };
const read = (...inputs: unknown[]): string => {
  const entry = inputs.length === 0 ? undefined : modelSchema.parse({ name: "m", path: "m.onnx", inputs });
  const model = { ref: { path: "/w/m.onnx", entry }, name: "m", dataset: undefined, manifest: undefined };
  return readAs({ sample: row, model: model as Subject["model"] });
};

test("a row is numbers where the model reads nothing else, else a text", () => {
  assert.equal(read({ kind: "tensor" }), "tensor");
  assert.equal(read(words), "text");
  assert.equal(read(words, held), "text");
  assert.equal(read(), "text");
});
