import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { matchesGlob } from "../../../src/common/glob.ts";
import {
  findDataset,
  findManifest,
  findModelEntry,
  inferManifestModel,
  readLabels,
  readManifest,
  type UnknownModel,
} from "../../../src/samples/index.ts";
import { fails, folder, write } from "./support.ts";

const valid = `{
  // Comments and trailing commas are allowed.
  "models": [{
    "name": "scenes",
    "path": "models/scenes/model.json",
    "inputs": [{ "kind": "image", "size": [48, 48] }],
  }],
  "datasets": [
    { "name": "pictures", "files": "data/**/*.{png,jpg}", "model": "scenes" },
    { "name": "rows", "files": ["a.csv", "b.csv"], "model": "scenes", "text": "question" },
  ],
}`;

test("manifest: is read with comments, and found from folders below", async () => {
  write("pathlight.json", valid);
  const below = join(folder, "deep", "er");
  mkdirSync(below, { recursive: true });
  const found = await findManifest(below);
  assert.deepEqual([found?.path, found?.baseFolder], [join(folder, "pathlight.json"), folder]);
  assert(found !== null, "the manifest was not found");
  assert.equal(findModelEntry(found, join(folder, "models/scenes/model.json"))?.name, "scenes");
  assert.equal(findModelEntry(found, "scenes")?.name, "scenes");
  assert.equal(findModelEntry(found, join(folder, "other.json")), null);
  assert.equal(findDataset(found, join(folder, "data/x/y/1.png"))?.name, "pictures");
  assert.equal(findDataset(found, join(folder, "data/1.jpg"))?.name, "pictures");
  assert.equal(findDataset(found, join(folder, "b.csv"))?.text, "question");
  assert.equal(findDataset(found, join(folder, "data/1.gif")), null);
  assert.equal(findDataset(found, join(dirname(folder), "b.csv")), null);
});

test("manifest: globs", () => {
  const matches = (glob: string, path: string) => matchesGlob(path, glob);
  assert.equal(matches("./scenes/*.png", "scenes/1.png"), true);
  assert.equal(matches("scenes/*.png", "scenes/a/1.png"), false);
  assert.equal(matches("**/q.csv", "q.csv"), true);
  assert.equal(matches("a+(1)?.txt", "a+(1)x.txt"), true);
  assert.equal(matches("a.txt", "axtxt"), false);
  assert.equal(matches("{a,b,", "b"), true);
});

test("manifest: mistakes are named with their line", async () => {
  const broken = valid.replace('"size"', '"sise"').replace('"model": "scenes", "text"', '"model": "scene", "text"');
  const error = await fails(
    readManifest(write("typo.json", broken)),
    "manifest-invalid",
    "line 6",
    '"sise"',
    "typo.json",
  );
  assert.match(error.details.found ?? "", /Did you mean "size"/);
  await fails(readManifest(write("comma.json", '{\n  "models" [\n')), "manifest-invalid", /line [23]/);
  const reference = valid.replace('"model": "scenes", "text"', '"model": "scene", "text"');
  await fails(readManifest(write("reference.json", reference)), "manifest-invalid", "line 10", '"scene"', '"scenes"');
  const kind = valid.replace("[48, 48]", "[48, -1]");
  await fails(readManifest(write("value.json", kind)), "manifest-invalid", "line 6");
  await fails(readManifest(join(folder, "nowhere", "pathlight.json")), "manifest-invalid", "nowhere");
  await fails(readManifest(write("latin.json", Buffer.from([0x22, 0xe9, 0x22]))), "manifest-invalid", "UTF-8");
});

test("labels: a list, a file of lines, and the JSON forms", async () => {
  assert.equal(await readLabels(undefined, folder), null);
  assert.deepEqual(await readLabels(["a", "b"], folder), ["a", "b"]);
  write("labels.txt", "\uFEFFone\r\ntwo\r\n\r\n");
  assert.deepEqual(await readLabels("labels.txt", folder), ["one", "two"]);
  for (const [index, content] of ['["one","two"]', '{"labels":["one","two"]}', '{"1":"two","0":"one"}'].entries()) {
    write(`labels${index}.json`, content);
    assert.deepEqual(await readLabels(`labels${index}.json`, folder), ["one", "two"]);
  }
  write("bad.json", '{"one": 1}');
  await fails(readLabels("bad.json", folder), "manifest-invalid", "bad.json");
  await fails(readLabels("nowhere.txt", folder), "manifest-invalid", "nowhere.txt");
  write("nothing.txt", "\n");
  await fails(readLabels("nothing.txt", folder), "manifest-invalid", "empty");
});

function unknown(where: string, partial: Partial<UnknownModel>): UnknownModel {
  const base = join(folder, where);
  mkdirSync(base, { recursive: true });
  return {
    path: join(base, "model.json"),
    name: where,
    format: "tfjs-layers",
    inputs: [{ id: "x", shape: [null, 32, 48, 3], dtype: "float32" }],
    outputs: [{ id: "y", shape: [null, 2], dtype: "float32" }],
    heads: [{ output: "y", activation: "softmax" }],
    embeddings: [],
    ...partial,
  };
}

test("inferred: a picture, its labels, and a note for each thing to check", async () => {
  const model = unknown("picture", {});
  write("picture/labels.txt", "cat\ndog\n");
  const { entry, baseFolder, notes } = await inferManifestModel(model);
  assert.deepEqual(
    [entry.name, entry.path, entry.labels, baseFolder],
    ["picture", "model.json", "labels.txt", dirname(model.path)],
  );
  assert.deepEqual(entry.inputs, [{ kind: "image", fit: "crop", padValue: 0, scale: [0, 1] }]);
  assert.match(notes.join("\n"), /0–1: check this[\s\S]*red, green, blue[\s\S]*labels\.txt/);
});

test("inferred: sizes that are free, rescaling in the model, channels first, labels of another number", async () => {
  const free = unknown("free", {
    inputs: [{ id: "x", shape: [null, null, null, 1], dtype: "float32" }],
    ops: ["Rescaling"],
  });
  write("free/labels.txt", "a\nb\nc\n");
  const inferred = await inferManifestModel(free);
  assert.deepEqual(inferred.entry.inputs, [
    { kind: "image", fit: "crop", padValue: 0, scale: [0, 255], size: [224, 224] },
  ]);
  assert.equal(inferred.entry.labels, undefined);
  assert.match(inferred.notes.join("\n"), /224 × 224[\s\S]*3 names, but the model 2 outputs/);
  const first = unknown("first", { inputs: [{ id: "x", shape: [null, 3, 64, 64], dtype: "float32" }] });
  assert.equal((await inferManifestModel(first)).entry.inputs[0]?.kind, "image");
});

test("inferred: text where an embedding and a vocabulary are there", async () => {
  const ids = { id: "ids", shape: [null, 16], dtype: "int32" };
  const model = unknown("text", { inputs: [ids], embeddings: [{ input: "ids", vocabularySize: 4 }] });
  write("text/vocab.txt", "[PAD]\n[UNK]\nhello\nworld\n");
  const { entry, notes } = await inferManifestModel(model);
  const [input] = entry.inputs;
  assert.equal(input?.kind === "text" && input.tokenizer.type === "words" && input.tokenizer.vocabulary, "vocab.txt");
  assert.match(notes.join("\n"), /vocab\.txt, in lower case/);
  const small = await inferManifestModel({ ...model, embeddings: [{ input: "ids", vocabularySize: 3 }] });
  assert.equal(small.entry.inputs[0]?.kind, "tensor");
  assert.match(small.notes.join("\n"), /ids up to 3, but the embedding only 3 rows[\s\S]*no vocabulary/);
  const letters = unknown("letters", { inputs: [ids], embeddings: [{ input: "ids", vocabularySize: 9 }] });
  write("letters/vocab.json", '{"[PAD]": 0, "[UNK]": 1, "a": 2, "B": 3}');
  const [lettersInput] = (await inferManifestModel(letters)).entry.inputs;
  assert.deepEqual(
    lettersInput?.kind === "text" && [
      lettersInput.tokenizer.type,
      "lowercase" in lettersInput.tokenizer && lettersInput.tokenizer.lowercase,
    ],
    ["characters", false],
  );
});

test("inferred: tables, regressions, several inputs and outputs", async () => {
  const table = unknown("table", {
    inputs: [{ id: "x", shape: [null, 7], dtype: "float32" }],
    outputs: [{ id: "y", shape: [null, 1], dtype: "float32" }],
    heads: [{ output: "y", activation: "none" }],
  });
  const { entry, notes } = await inferManifestModel(table);
  assert.deepEqual([entry.inputs, entry.task], [[{ kind: "tensor", hold: false }], "regression"]);
  assert.match(notes.join("\n"), /numbers \(7\)/);
  const several = await inferManifestModel({
    ...table,
    inputs: [...table.inputs, { id: "z", shape: [null, 8, 8, 1], dtype: "float32" }],
    outputs: [...table.outputs, { id: "w", shape: [null, 3], dtype: "float32" }],
  });
  assert.deepEqual(
    several.entry.inputs.map(({ name, kind }) => [name, kind]),
    [
      ["x", "tensor"],
      ["z", "image"],
    ],
  );
  assert.equal(several.entry.output, "y");
  assert.match(several.notes.join("\n"), /2 outputs; "y" is explained/);
  await fails(inferManifestModel({ ...table, path: "/nowhere/at/all/model.json" }), "model-not-found");
});
