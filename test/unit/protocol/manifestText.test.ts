import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { nearest } from "../../../src/common/nearest.ts";
import { readManifestText } from "../../../src/protocol/manifestText.ts";

const model = `{ "name": "m", "path": "m.json", "inputs": [{ "kind": "image" }] }`;

test("the sample workspace's manifest has no mistakes", () => {
  const text = readFileSync(new URL("../../../samples/pathlight.json", import.meta.url), "utf8");
  const { manifest, issues } = readManifestText(text);
  assert.deepEqual(issues, []);
  assert.ok((manifest?.models.length ?? 0) >= 2);
});

test("a typo in a property is named with its line, its place and the right word", () => {
  const text = `{\n  "models": [{\n    "name": "m", "path": "m.json",\n    "inputs": [{ "kind": "image", "chanels": "rgb" }]\n  }]\n}`;
  const { manifest, issues } = readManifestText(text);
  assert.equal(manifest, undefined);
  assert.equal(issues.length, 1);
  assert.equal(issues[0]?.line, 4);
  assert.equal(text.slice(issues[0]?.offset, (issues[0]?.offset ?? 0) + (issues[0]?.length ?? 0)), '"chanels"');
  assert.match(issues[0]?.message ?? "", /"chanels".*"channels"/);
});

test("a wrong value is marked where it stands, a missing one where it belongs", () => {
  const wrong = `{ "models": [{ "name": "m", "path": "m.json", "inputs": [{ "kind": "image" }], "link": "logits" }] }`;
  const [first] = readManifestText(wrong).issues;
  assert.equal(wrong.slice(first?.offset, (first?.offset ?? 0) + (first?.length ?? 0)), '"logits"');
  const missing = `{ "models": [{ "name": "m", "inputs": [{ "kind": "image" }] }] }`;
  const [second] = readManifestText(missing).issues;
  assert.equal(second?.offset, missing.indexOf(`{ "name"`));
  assert.match(second?.message ?? "", /path/);
});

test("a data set that names no model, and a name that is taken twice", () => {
  const text = `{ "models": [${model}, ${model}], "datasets": [{ "name": "d", "files": "*.png", "model": "n" }] }`;
  const messages = readManifestText(text).issues.map((issue) => issue.message);
  assert.equal(messages.length, 2);
  assert.match(messages[0] ?? "", /Two models are called "m"/);
  assert.match(messages[1] ?? "", /No model is called "n".*Did you mean "m"/);
});

test("text that is not JSON is one mistake with a line; comments and trailing commas are fine", () => {
  const [broken] = readManifestText(`{\n  "models": [\n`).issues;
  assert.ok((broken?.line ?? 0) >= 2);
  assert.match(broken?.message ?? "", /Not valid JSON/);
  assert.equal(readManifestText("").issues.length, 1);
  assert.deepEqual(readManifestText(`{ /* c */ "models": [${model},], }`).issues, []);
});

test("the nearest word is close, or none", () => {
  assert.equal(nearest("tolerence", ["tolerance", "task"]), "tolerance");
  assert.equal(nearest("xyz", ["tolerance", "task"]), undefined);
});
