import assert from "node:assert/strict";
import { join, relative } from "node:path";
import test from "node:test";
import { readExplainFlags } from "../../src/cli/explainFlags.ts";
import { explainRequest } from "../../src/cli/explainRequest.ts";
import { PathlightError } from "../../src/common/errors.ts";
import { fixtures, Workspace } from "./support/workspace.ts";

const space = new Workspace();
test.after(() => space.dispose());

function build(...args: string[]) {
  return explainRequest(readExplainFlags([...args, "--out", "out"]), space.folder);
}

test("without a manifest and without flags everything is the protocol's default", async () => {
  const model = space.model("plain", "digits");
  const sample = join(fixtures, "oracle/digits/x0.npy");
  const { request, notes } = await build("--model", relative(space.folder, model), "--input", sample);
  assert.deepEqual(request.model, { path: model });
  assert.deepEqual(request.samples, [{ sample: { kind: "file", path: sample } }]);
  assert.deepEqual(request.settings, {
    target: { kind: "predicted" },
    link: "logit",
    method: "integrated-gradients",
    rule: "adaptive",
    steps: 50,
    tolerance: 0.01,
    maxEvaluations: 512,
    backend: "auto",
  });
  assert.deepEqual(notes, []);
});

const manifest = {
  models: [
    {
      name: "words",
      path: "net/model.json",
      inputs: [{ kind: "text", tokenizer: { type: "words", vocabulary: "vocab.txt" } }],
      link: "softmax",
      baseline: "mask",
      tolerance: 0.03,
      output: "logits",
      targetExpression: "predicted - runner_up",
    },
  ],
  datasets: [{ name: "rows", files: "data/**/*.csv", model: "words", text: "question", label: "type" }],
};

test("the manifest fills what the flags leave open, and a flag wins", async () => {
  const model = space.model("project/net", "text");
  space.write("project/pathlight.json", JSON.stringify(manifest));
  const csv = space.write("project/data/deep/q.csv", "question,type\nWhy?,a\n");
  const filled = await build("--model", model, "--input", csv, "--row", "3");
  assert.equal(filled.request.model.baseFolder, space.path("project"));
  assert.equal(filled.request.model.entry?.name, "words");
  assert.deepEqual(filled.request.samples, [
    { sample: { kind: "file", path: csv, row: 3, column: "question", labelColumn: "type" } },
  ]);
  const { link, tolerance, output, baseline } = filled.request.settings;
  assert.deepEqual(
    { link, tolerance, output, baseline },
    { link: "softmax", tolerance: 0.03, output: "logits", baseline: { kind: "name", name: "mask" } },
  );
  assert.deepEqual(filled.request.settings.target, { kind: "expression", expression: "predicted - runner_up" });
  const [chosen, linked] = [
    ["--target", "2"],
    ["--link", "softmax"],
  ].map((flag) => build("--model", model, "--input", csv, ...flag));
  assert.deepEqual((await chosen)?.request.settings.target, { kind: "index", index: 2 });
  assert.deepEqual((await linked)?.request.settings.target, { kind: "predicted" }, "a link is of one output");
  const won = await build(
    ...[
      "--model",
      model,
      "--input",
      csv,
      "--link",
      "logit",
      "--tolerance",
      "0.2",
      "--baseline",
      "pad",
      "--column",
      "type",
    ],
  );
  assert.equal(won.request.settings.link, "logit");
  assert.equal(won.request.settings.tolerance, 0.2);
  assert.deepEqual(won.request.settings.baseline, { kind: "name", name: "pad" });
  assert.deepEqual(won.request.samples[0]?.sample, {
    kind: "file",
    path: csv,
    row: 0,
    column: "type",
    labelColumn: "type",
  });
});

test("a model is found by file, by folder, and by its name in the manifest above the sample", async () => {
  const model = space.path("project/net/model.json");
  const csv = space.path("project/data/deep/q.csv");
  for (const how of [model, space.path("project/net"), "words"]) {
    assert.equal((await build("--model", how, "--input", csv)).request.model.path, model, how);
  }
  await assert.rejects(
    build("--model", "wrods", "--input", csv),
    (error: unknown) => error instanceof PathlightError && error.code === "model-not-found",
  );
});

test("a manifest that was named but does not name the model is said", async () => {
  const model = space.model("elsewhere", "text");
  const { notes, request } = await build(
    ...["--model", model, "--manifest", space.path("project/pathlight.json"), "--text", "w1"],
  );
  assert.equal(request.model.entry, undefined);
  assert.match(notes.join("\n"), /does not name/);
});

test("the mean is taken over the sample's kind of file in its folder, or over its data set", async () => {
  const model = space.model("mean", "digits");
  const a = space.write("mean-samples/a.npy", "x");
  const b = space.write("mean-samples/b.NPY", "x");
  space.write("mean-samples/c.png", "x");
  space.write("mean-samples/.hidden.npy", "x");
  const plain = await build("--model", model, "--input", a, "--baseline", "mean");
  assert.deepEqual(plain.request.meanOver, [a, b]);
  const csv = space.path("project/data/deep/q.csv");
  const other = space.write("project/data/r.csv", "question\nWho?\n");
  space.write("project/elsewhere.csv", "question\nWho?\n");
  const dataset = await build("--model", "words", "--input", csv, "--baseline", "mean");
  assert.deepEqual(dataset.request.meanOver, [csv, other]);
});

test("a data file is read whole by a model of whole files, unless a row of it is asked for", async () => {
  const model = space.model("bytes/net", "text");
  const window = { head: 8, tail: 8, block: 16 };
  const inputs = [{ kind: "text", tokenizer: { type: "bytes", window } }];
  space.write("bytes/pathlight.json", JSON.stringify({ models: [{ name: "bytes", path: "net/model.json", inputs }] }));
  const csv = space.write("bytes/table.csv", "a,b\n1,2\n");
  const source = space.write("bytes/code.ts", "let a;");
  const sampleOf = async (...flags: string[]) => (await build("--model", model, ...flags)).request.samples[0]?.sample;
  assert.deepEqual(await sampleOf("--input", source), { kind: "file", path: source });
  assert.deepEqual(await sampleOf("--input", csv), { kind: "file", path: csv });
  assert.deepEqual(await sampleOf("--input", csv, "--row", "0"), { kind: "file", path: csv, row: 0 });
});

test("several inputs keep their names; rows and columns belong to data files", async () => {
  const model = space.path("project/net");
  const csv = space.path("project/data/deep/q.csv");
  const tensor = space.write("ids.npy", "x");
  const both = await build("--model", model, "--input", `left=${csv}`, "--input", `right=${tensor}`, "--row", "1");
  assert.deepEqual(
    both.request.samples.map(({ input, sample }) => [input, sample.kind === "file" ? sample.row : null]),
    [
      ["left", 1],
      ["right", undefined],
    ],
  );
  await assert.rejects(build("--model", model, "--input", tensor, "--row", "1"), /--row is for data files/);
});
