import assert from "node:assert/strict";
import test from "node:test";
import { parse } from "jsonc-parser";
import { addToManifest, rebaseEntry, relativePath } from "../../../src/host/manifestEntry.ts";
import { modelSchema } from "../../../src/protocol/manifest.ts";
import { readManifestText } from "../../../src/protocol/manifestText.ts";

const entry = modelSchema.parse({
  name: "questions",
  path: "model.json",
  inputs: [{ kind: "text", tokenizer: { type: "words", vocabulary: "vocab.txt" } }],
  labels: "labels.txt",
  baseline: "base.npy",
});

test("file paths follow the manifest, names do not", () => {
  const moved = rebaseEntry(entry, "/w/models/q", "/w");
  assert.equal(moved.path, "models/q/model.json");
  assert.equal(moved.labels, "models/q/labels.txt");
  assert.equal(moved.baseline, "models/q/base.npy");
  const [input] = moved.inputs;
  assert.equal(
    input?.kind === "text" && input.tokenizer.type === "words" && input.tokenizer.vocabulary,
    "models/q/vocab.txt",
  );
  assert.equal(rebaseEntry({ ...entry, baseline: "pad" }, "/w/models/q", "/w").baseline, "pad");
  assert.equal(rebaseEntry({ ...entry, baseline: 0.5, labels: ["a", "b"] }, "/w/m", "/w").baseline, 0.5);
  assert.equal(relativePath("/w", "/w"), ".");
});

test("a new manifest is valid and complete", () => {
  const dataset = { name: "rows", files: "q.jsonl", model: "questions" };
  const { manifest, issues } = readManifestText(addToManifest("", entry, dataset));
  assert.deepEqual(issues, []);
  assert.deepEqual(manifest?.datasets, [dataset]);
});

test("a model is added to a manifest without touching its comments", () => {
  const text = `{\n  // mine\n  "models": [\n    { "name": "a", "path": "a.json", "inputs": [{ "kind": "image" }] }\n  ]\n}\n`;
  const added = addToManifest(text, entry, { name: "rows", files: "q.jsonl", model: "questions" });
  assert.ok(added.startsWith("{\n  // mine\n"));
  const { manifest, issues } = readManifestText(added);
  assert.deepEqual(issues, []);
  assert.deepEqual(
    manifest?.models.map((model) => model.name),
    ["a", "questions"],
  );
  assert.equal(Array.isArray(parse(added).datasets), true);
});
