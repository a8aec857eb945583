import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { inspectionSchema } from "../../src/protocol/inspection.ts";
import { runCli } from "./support/runCli.ts";

const root = new URL("../..", import.meta.url).pathname;
const digits = join(root, "samples/models/digit-scenes");
const questions = join(root, "samples/models/question-classifier");
const saved = join(root, "test/fixtures/savedModel/source");
const folder = mkdtempSync(join(tmpdir(), "pathlight-inspect-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A Python without TensorFlow, wherever the tests run. */
const python = join(folder, "python");
writeFileSync(python, `#!/bin/sh\necho '{"executable":"${python}","python":"3.11.0","folder":null,"version":null}'\n`, {
  mode: 0o755,
});

test("inspect shows inputs, outputs, the labels that it found, and every node", async () => {
  const { code, stdout, stderr } = await runCli(["inspect", digits, "--backend", "wasm"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^digit-scenes$/m);
  assert.match(stdout, /conv1_input +batch × 48 × 48 × 1 +float32 +picture, channels last, explained/);
  assert.match(stdout, /digits +batch × 10 +float32 +sigmoid of the logits in digits:pre/);
  assert.match(stdout, /labels\.txt +labels +used/);
  assert.match(stdout, /conv4:pre +Conv2D +batch × 6 × 6 × 80 +34,640/);
  assert.match(stdout, /Several labels/);
  assert.doesNotMatch(stdout, /undefined|null|\[object/);
});

test("inspect --json is the inspection itself; --op narrows the nodes", async () => {
  const { code, stdout } = await runCli(["inspect", join(questions, "model.json"), "--backend", "wasm", "--json"]);
  assert.equal(code, 0);
  const found = inspectionSchema.parse(JSON.parse(stdout));
  assert.equal(found.inputs[0]?.kind, "text");
  assert.equal(found.inputs[0]?.embeddings.length, 1);
  assert.equal(found.gradientsUntried, null);
  assert.equal(found.problem, null);
  assert.ok(found.companions.some(({ what, used }) => what === "tokenizer" && used));
  assert.ok(found.files.every(({ bytes }) => bytes !== null && bytes > 0));
  const some = await runCli(["inspect", digits, "--backend", "wasm", "--op", "conv2d", "--json"]);
  assert.deepEqual(
    inspectionSchema.parse(JSON.parse(some.stdout)).nodes.map(({ id }) => id),
    ["conv1:pre", "conv2:pre", "conv3:pre", "conv4:pre"],
  );
  const none = await runCli(["inspect", digits, "--backend", "wasm", "--op", "LSTM"]);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /no node with the op LSTM.*Conv2D/);
});

test("a model with an unknown layer is shown with where it stands", async () => {
  const broken = join(folder, "broken");
  cpSync(digits, broken, { recursive: true });
  const file = join(broken, "model.json");
  writeFileSync(file, readFileSync(file, "utf8").replace('"class_name":"GlobalMaxPooling2D"', '"class_name":"Liquid"'));
  const { code, stdout, stderr } = await runCli(["inspect", broken, "--backend", "wasm"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /cannot be built/);
  assert.match(stdout, /The layer class Liquid is unknown/);
  assert.match(stdout, /Liquid +1 × +strongest-place/);
});

test("a file that is no model at all is one line and 2", async () => {
  writeFileSync(join(folder, "model.json"), "{ nothing");
  const bad = await runCli(["inspect", join(folder, "model.json"), "--backend", "wasm"]);
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /^pathlight: .*not JSON.*\n$/);
  const missing = await runCli(["inspect"]);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /MODEL is missing/);
});

test("a SavedModel says the command that converts it; without TensorFlow in Python the one that installs it", async () => {
  const model = join(folder, "saved model");
  cpSync(saved, model, { recursive: true });
  for (const args of [
    ["inspect", model],
    ["explain", "--model", model, "--input", join(root, "samples/scenes/0007.png"), "--out", join(folder, "out")],
  ]) {
    const { code, stderr } = await runCli([...args, "--backend", "wasm"]);
    assert.equal(code, 2);
    assert.ok(stderr.includes(`pathlight convert "${model}" --out "${model}-tfjs"`), stderr);
  }
  const env = { PATHLIGHT_PYTHON: python };
  for (const args of [
    ["convert", model],
    ["inspect", model, "--convert"],
  ]) {
    const { code, stderr } = await runCli(args, { env });
    assert.equal(code, 2);
    assert.match(stderr, /no Python with TensorFlow.*has no tensorflow package.*-m pip install tensorflow/s);
  }
  assert.equal(existsSync(`${model}-tfjs`), false);
});

test("inspect and convert are in the help", async () => {
  const { stdout } = await runCli(["--help"]);
  assert.match(stdout, /inspect +\S.*\n +convert +\S/);
  assert.match((await runCli(["convert", "--help"])).stdout, /--signature NAME/);
});
