import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test, { after } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../../src/common/errors.ts";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { type ExplainRequest, settingsSchema } from "../../../src/protocol/explain.ts";
import type { Explanation, TextAttribution } from "../../../src/protocol/explanation.ts";
import { type ManifestModel, modelSchema } from "../../../src/protocol/manifest.ts";
import type { WhatIfChange, WhatIfMeasured, WhatIfResult } from "../../../src/protocol/whatIf.ts";
import { npyBytes, readManifest } from "../../../src/samples/index.ts";
import { bertOnnx } from "../../support/bertOnnx.ts";
import { saveLayers } from "../models/savedLayers.ts";
import { folder, write } from "../samples/support.ts";
import { reference } from "../samples/tokenizerReference.ts";
import "../engine/cpuBackend.ts";

const samples = resolve(import.meta.dirname, "../../../samples");
function classOf({ target }: Explanation): number {
  assert.ok(target.index !== null);
  return target.index;
}

const service = new ExplainService();
after(() => service.dispose());

async function sampleModel(name: string): Promise<ExplainRequest["model"]> {
  const { manifest, baseFolder } = await readManifest(join(samples, "pathlight.json"));
  const entry = manifest.models.find((candidate) => candidate.name === name);
  assert(entry !== undefined);
  return { path: join(samples, entry.path), entry, baseFolder };
}

type Sample = ExplainRequest["samples"][number]["sample"];

function asking(model: ExplainRequest["model"], sample: Sample, settings: object = {}): ExplainRequest {
  // One evaluation: what is tested here are forward passes.
  const quick = { method: "input-x-gradient", backend: "cpu", ...settings };
  return { model, samples: [{ sample }], settings: settingsSchema.parse(quick) };
}

function textOf(explanation: Explanation): TextAttribution {
  const [attribution] = explanation.attributions;
  assert(attribution?.kind === "text");
  return attribution;
}

function tokensNamed(text: TextAttribution, ...names: string[]): number[] {
  return text.tokens.flatMap((token, position) => (names.includes(token.text) ? [position] : []));
}

function measured(result: WhatIfResult | undefined): WhatIfMeasured {
  assert(result?.kind === "measured", JSON.stringify(result));
  return result;
}

/** The logit of a target as `predict` has it for a sample of its own: the independent truth. */
async function predicted(model: ExplainRequest["model"], sample: Sample, index: number, settings: object = {}) {
  const { predictions } = await service.predict(asking(model, sample, settings));
  const found = predictions.find((prediction) => prediction.index === index);
  assert(found !== undefined);
  return found;
}

function npyFile(name: string, ids: readonly number[]): Sample {
  return { kind: "file", path: write(name, Buffer.from(npyBytes([ids.length], Float32Array.from(ids)))) };
}

const close = (actual: number, expected: number, within = 1e-4): void =>
  assert.ok(Math.abs(actual - expected) <= within * Math.max(1, Math.abs(expected)), `${actual}, not ${expected}`);

for (const backend of ["cpu", "wasm"] as const) {
  test(`edits of a row of questions are what predict says of them, on ${backend}`, async () => {
    const model = await sampleModel("question-classifier");
    const sample: Sample = { kind: "file", path: join(samples, "questions.jsonl"), row: 0 };
    const run = await service.explain(asking(model, sample, { backend }));
    const text = textOf(run);
    assert.equal(text.text, "In which city was Charles Darwin born?");
    assert.deepEqual(text.blank, { id: 2, text: "[MASK]", kind: "mask" });
    const city = tokensNamed(text, "city");
    const darwin = tokensNamed(text, "Charles", "Darwin");
    const edits: WhatIfChange[][] = [
      [{ kind: "blank", input: text.input, tokens: city }],
      [{ kind: "delete", input: text.input, tokens: city }],
      [{ kind: "replace", input: text.input, tokens: darwin, text: "Mozart" }],
      [
        { kind: "blank", input: text.input, tokens: tokensNamed(text, "born") },
        { kind: "delete", input: text.input, tokens: [0, 1] },
      ],
    ];
    const tensors = tf.memory().numTensors;
    const { original, results } = await service.whatIf(run.runId, edits);
    assert.equal(tf.memory().numTensors, tensors);
    const truth = (of: Sample) => predicted(model, of, classOf(run), { backend });
    const ids = (of: TextAttribution, at: readonly number[]) =>
      of.tokens.map(({ id }, position) => (at.includes(position) ? 2 : id));
    const unedited = await truth(sample);
    close(original.score, unedited.logit);
    close(original.target?.score ?? 9, unedited.score);

    const blank = measured(results[0]);
    const blankTruth = await truth(npyFile(`blank-${backend}.npy`, ids(text, city)));
    close(blank.score, blankTruth.logit);
    close(blank.target?.score ?? 9, blankTruth.score);
    assert.ok(Math.abs(blank.score - original.score) > 0.01, "the mask changes something");
    assert.equal(blank.texts[0]?.text, "In which [MASK] was Charles Darwin born?");
    assert.deepEqual(blank.removed, [{ input: text.input, tokens: city }]);

    const deleted = measured(results[1]);
    assert.equal(deleted.texts[0]?.text, "In which was Charles Darwin born?");
    close(deleted.score, (await truth({ kind: "text", text: "In which was Charles Darwin born?" })).logit);

    const replaced = measured(results[2]);
    assert.equal(replaced.texts[0]?.text, "In which city was Mozart born?");
    close(replaced.score, (await truth({ kind: "text", text: "In which city was Mozart born?" })).logit);
    assert.deepEqual(replaced.removed[0]?.tokens, darwin);
    assert.equal(replaced.predictions.length, 5);

    const both = measured(results[3]);
    assert.equal(both.texts[0]?.text, "city was Charles Darwin [MASK]?");
    const rest = await service.explain(asking(model, { kind: "text", text: "city was Charles Darwin born?" }));
    const bothTruth = await truth(npyFile(`both-${backend}.npy`, ids(textOf(rest), tokensNamed(textOf(rest), "born"))));
    close(both.score, bothTruth.logit);
  });
}

test("an edit can be explained by itself: what is measured is F of that explanation, and it can be edited in turn", async () => {
  const model = await sampleModel("question-classifier");
  const sample: Sample = { kind: "file", path: join(samples, "questions.jsonl"), row: 0 };
  const request = asking(model, sample, { target: { kind: "label", label: "number" }, link: "softmax" });
  const run = await service.explain(request);
  const { input } = textOf(run);
  const edit: WhatIfChange[] = [
    { kind: "blank", input, tokens: tokensNamed(textOf(run), "city") },
    { kind: "delete", input, tokens: tokensNamed(textOf(run), "which") },
  ];
  const found = measured((await service.whatIf(run.runId, [edit])).results[0]);
  const { blanked, samples: edited } = found;
  assert.deepEqual(edited[0]?.sample.kind === "text" && edited[0].sample.row, {
    column: "question",
    fields: { question: "In city was Charles Darwin born?", type: "location" },
  });
  const own = await service.explain({ ...request, samples: edited, blanked });
  close(own.score.input, found.score);
  assert.deepEqual(own.sample, { title: "questions.jsonl : row 1, edited", path: null, row: null });
  assert.deepEqual(
    textOf(own)
      .tokens.slice(0, 4)
      .map(({ text, special, start, end }) => [text, special, end - start]),
    [
      ["In", "none", 2],
      ["[MASK]", "mask", 0],
      ["was", "none", 3],
      ["Charles", "none", 7],
    ],
  );
  const again = await service.whatIf(own.runId, [
    [{ kind: "delete", input, tokens: [0] }],
    [{ kind: "blank", input, tokens: [2] }],
    [{ kind: "replace", input, tokens: [3, 4], text: "Ada" }],
    [{ kind: "delete", input, tokens: [1] }],
  ]);
  const last = measured(again.results.pop());
  assert.deepEqual([last.texts[0]?.text, last.blanked], ["In was Charles Darwin born?", undefined]);
  const direct = await service.whatIf(run.runId, [
    [...edit, { kind: "delete", input, tokens: [0] }],
    [...edit, { kind: "blank", input, tokens: tokensNamed(textOf(run), "was") }],
    [...edit, { kind: "replace", input, tokens: tokensNamed(textOf(run), "Charles", "Darwin"), text: "Ada" }],
  ]);
  close(again.original.score, found.score);
  for (const [k, result] of again.results.entries()) {
    close(measured(result).score, measured(direct.results[k]).score);
    assert.deepEqual(measured(result).blanked?.[0]?.tokens.length, k === 1 ? 2 : 1);
  }
});

test("edits that leave no text, or that cannot be made, fail by name beside those that can", async () => {
  const model = await sampleModel("question-classifier");
  const run = await service.explain(asking(model, { kind: "text", text: "Who was she?" }));
  const { input } = textOf(run);
  const { results } = await service.whatIf(run.runId, [
    [{ kind: "delete", input, tokens: [0, 1, 2, 3] }],
    [{ kind: "delete", input, tokens: [31] }],
    [{ kind: "delete", input: "another", tokens: [0] }],
    [{ kind: "replace", input, tokens: [2], text: "Flimbert" }],
  ]);
  assert.deepEqual(
    results.map((result) => (result.kind === "failed" ? result.code : result.kind)),
    ["sample-empty", "usage", "usage", "measured"],
  );
  assert.ok(results.every((result) => result.kind !== "failed" || (result.whatToDo ?? "") !== ""));
  assert.deepEqual(measured(results[3]).notes, ["Not in the vocabulary: Flimbert."]);
});

/** F = Σ weight of each token + bias: removing a token does exactly what its attribution promises. */
async function bagOfWords(words: readonly string[], weights: readonly number[], masked: boolean) {
  const ids = layers.input({ shape: [6], name: "input_ids", dtype: "float32" });
  const mask = layers.input({ shape: [6], name: "attention_mask", dtype: "float32" });
  const embedded = layers.layers
    .embedding({ inputDim: words.length, outputDim: 1, name: "weight" })
    .apply(ids) as layers.SymbolicTensor;
  const column = layers.layers.reshape({ targetShape: [6, 1] }).apply(mask) as layers.SymbolicTensor;
  const counted = masked ? (layers.layers.multiply().apply([embedded, column]) as layers.SymbolicTensor) : embedded;
  const flat = layers.layers.flatten().apply(counted) as layers.SymbolicTensor;
  const output = layers.layers
    .dense({ units: 1, kernelInitializer: "ones", useBias: false, name: "sum" })
    .apply(flat) as layers.SymbolicTensor;
  const model = layers.model({ inputs: masked ? [ids, mask] : [ids], outputs: output });
  const path = await saveLayers(model);
  const write = (name: string, values: tf.Tensor): void => model.getLayer(name).setWeights([values]);
  write("weight", tf.tensor2d(weights.map((weight) => [weight])));
  write("sum", tf.ones([6, 1]));
  await model.save(
    tf.io.withSaveHandler(async ({ weightData }) => {
      const parts = Array.isArray(weightData) ? weightData : [weightData ?? new ArrayBuffer(0)];
      writeFileSync(join(path, "weights.bin"), Buffer.concat(parts.map((part) => new Uint8Array(part))));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    }),
  );
  writeFileSync(join(path, "vocab.txt"), `${words.join("\n")}\n`);
  const entry: ManifestModel = modelSchema.parse({
    name: "bag",
    path: "model.json",
    task: "regression",
    inputs: [{ kind: "text", tokenizer: { type: "words", vocabulary: "vocab.txt" } }],
  });
  return { path: join(path, "model.json"), entry, baseFolder: path };
}

test("where the score is a sum over tokens, what was promised is what is measured", async () => {
  const model = await bagOfWords(["[PAD]", "[UNK]", "[MASK]", "the", "cat", "sat"], [0, 0.4, 0, 1.5, -2, 0.25], false);
  const run = await service.explain(asking(model, { kind: "text", text: "the cat sat" }));
  const text = textOf(run);
  close(run.score.input, -0.25);
  const edits = [0, 1, 2].flatMap((position) =>
    (["blank", "delete"] as const).map((kind) => [{ kind, input: text.input, tokens: [position] }]),
  );
  const { original, results } = await service.whatIf(run.runId, edits);
  for (const [k, result] of results.entries()) {
    const promise = -(text.values[Math.floor(k / 2)] ?? Number.NaN);
    close(measured(result).score - original.score, promise, 1e-5);
  }
});

test("without a mask token a blank says what is put there: the unknown token, or padding that is not attended to", async () => {
  const weights = [7, 0.5, 1.5, -2];
  const unknown = await bagOfWords(["[PAD]", "[UNK]", "the", "cat"], weights, true);
  const first = await service.explain(asking(unknown, { kind: "text", text: "the cat" }));
  assert.deepEqual(textOf(first).blank, { id: 1, text: "[UNK]", kind: "unknown" });
  const blank = [[{ kind: "blank" as const, input: "input_ids", tokens: [1] }]];
  const byUnknown = await service.whatIf(first.runId, blank);
  close(byUnknown.original.score, -0.5);
  close(measured(byUnknown.results[0]).score, 2);
  assert.equal(measured(byUnknown.results[0]).texts[0]?.text, "the [UNK]");

  const padding = await bagOfWords(["[PAD]", "of", "the", "cat"], weights, true);
  const second = await service.explain(asking(padding, { kind: "text", text: "the cat" }));
  assert.deepEqual(textOf(second).blank, { id: 0, text: "[PAD]", kind: "pad" });
  // The mask follows the text: padding has weight 7, and none of it counts.
  close(measured((await service.whatIf(second.runId, blank)).results[0]).score, 1.5);
});

test("bytes of a file are blanked where they stand; characters can be edited where all of them are seen", async () => {
  const model = await sampleModel("file-type");
  const path = join(samples, "code", "moon.py");
  const run = await service.explain(asking(model, { kind: "file", path }, { backend: "wasm" }));
  const text = textOf(run);
  assert.deepEqual(text.blank, { id: 256, text: "[PAD]", kind: "pad" });
  assert.equal(text.gap, null);
  const start = text.text.indexOf("def ");
  const tokens = text.tokens.flatMap((token, position) =>
    token.special === "none" && token.start >= start && token.end <= start + 4 ? [position] : [],
  );
  assert.ok(tokens.length > 4, "a small file is seen from both ends");
  const { results } = await service.whatIf(run.runId, [
    [{ kind: "blank", input: text.input, tokens }],
    [{ kind: "delete", input: text.input, tokens: tokens.slice(0, 4) }],
  ]);
  const ids = text.tokens.map(({ id }, position) => (tokens.includes(position) ? 256 : id));
  const truth = await predicted(model, npyFile("moon.npy", ids), classOf(run), { backend: "wasm" });
  close(measured(results[0]).score, truth.logit, 1e-3);
  const without = text.text.slice(0, start) + text.text.slice(start + 4);
  const file: Sample = { kind: "file", path: write("moon-edited.py", without) };
  close(measured(results[1]).score, (await predicted(model, file, classOf(run), { backend: "wasm" })).logit, 1e-3);
  assert.deepEqual(measured(results[1]).removed[0]?.tokens, tokens, "both sights of the characters are gone");

  const long = write("long.py", `print("a")\n${"x = 1\n".repeat(3000)}print("b")\n`);
  const cut = await service.explain(asking(model, { kind: "file", path: long }, { backend: "wasm" }));
  const answer = await service.whatIf(cut.runId, [
    [{ kind: "delete", input: text.input, tokens: [0] }],
    [{ kind: "blank", input: text.input, tokens: [0] }],
  ]);
  assert.deepEqual(
    answer.results.map((result) => (result.kind === "failed" ? result.code : result.kind)),
    ["usage", "measured"],
  );
  assert.equal(textOf(cut).gap === null, false);
});

test("a pair is edited field by field: the other text, the template and the token types follow", async () => {
  const layout = join(folder, "pair");
  mkdirSync(layout, { recursive: true });
  const path = join(layout, "model.onnx");
  writeFileSync(path, bertOnnx({ layers: 1, width: 24, heads: 2, words: 1200, longest: 24, classes: 3 }));
  writeFileSync(join(layout, "tokenizer.json"), JSON.stringify(reference("bert-uncased").tokenizer));
  writeFileSync(join(layout, "config.json"), JSON.stringify({ model_type: "bert", max_position_embeddings: 24 }));
  const rows = write(
    "pairs.jsonl",
    `${JSON.stringify({ question: "Who wrote it?", context: "The quick brown fox." })}\n`,
  );
  const row: Sample = { kind: "file", path: rows, row: 0, column: "question", secondColumn: "context" };
  const model = { path };
  const run = await service.explain(asking(model, row));
  const text = textOf(run);
  assert.equal(text.blank?.text, "[MASK]");
  const within = (word: string): number[] => {
    const at = text.text.indexOf(word);
    return text.tokens.flatMap(({ start, end }, position) =>
      end > start && start >= at && end <= at + word.length ? [position] : [],
    );
  };
  const [brown, wrote] = [within("brown"), within("wrote")];
  assert.ok(brown.length > 0 && wrote.length > 0);
  const { input } = text;
  const { results } = await service.whatIf(run.runId, [
    [{ kind: "delete", input, tokens: brown }],
    [{ kind: "replace", input, tokens: wrote, text: "read" }],
    [
      { kind: "blank", input, tokens: brown },
      { kind: "delete", input, tokens: wrote },
    ],
  ]);
  const masks = "[MASK]".repeat(brown.length);
  const pair = (first: string, second: string): Sample => ({ kind: "text", text: first, second });
  const truth = async (sample: Sample) => (await predicted(model, sample, run.target.index ?? 0)).logit;
  close(measured(results[0]).score, await truth(pair("Who wrote it?", "The quick fox.")));
  close(measured(results[1]).score, await truth(pair("Who read it?", "The quick brown fox.")));
  assert.deepEqual(
    measured(results[2]).texts.map(({ name, text: shown }) => [name, shown]),
    [
      ["question", "Who it?"],
      ["context", `The quick ${masks} fox.`],
    ],
  );
  // A tokenizer of this kind reads its mask token in a text.
  close(measured(results[2]).score, await truth(pair("Who it?", `The quick ${masks} fox.`)));
  assert.deepEqual(measured(results[1]).samples[0]?.sample.kind === "text" && measured(results[1]).samples[0]?.sample, {
    kind: "text",
    text: "Who read it?",
    origin: "pairs.jsonl : row 1, edited",
    row: {
      column: "question",
      fields: { question: "Who read it?", context: "The quick brown fox." },
      secondColumn: "context",
    },
  });
});

test("ids from a file have no characters to edit, and a file that has changed is not taken for what it was", async () => {
  const model = await sampleModel("question-classifier");
  const ids = await service.explain(asking(model, npyFile("ids.npy", [2, ...new Array(31).fill(5)])));
  const refused = await service.whatIf(ids.runId, [
    [{ kind: "delete", input: textOf(ids).input, tokens: [3] }],
    [{ kind: "blank", input: textOf(ids).input, tokens: [3] }],
  ]);
  assert.deepEqual(
    refused.results.map((result) => (result.kind === "failed" ? result.code : result.kind)),
    ["usage", "measured"],
  );
  const path = write("changing.txt", "Who was she?");
  const run = await service.explain(asking(model, { kind: "file", path }));
  write("changing.txt", "Who were they?");
  const edit: WhatIfChange[] = [{ kind: "blank", input: textOf(run).input, tokens: [0] }];
  const code = (expected: string) => (error: unknown) => error instanceof PathlightError && error.code === expected;
  await assert.rejects(service.whatIf(run.runId, [edit]), code("run-unknown"));
  await assert.rejects(service.whatIf("nobody", [edit]), code("run-unknown"));
  const request = asking(model, { kind: "file", path });
  const blanked = [{ input: textOf(run).input, tokens: [{ position: 1, id: textOf(run).tokens[1]?.id ?? 0 }] }];
  await assert.rejects(service.explain({ ...request, blanked }), code("sample-shape"));
});

test("many edits are measured in batches, told as they go, and a cancel between them leaves nothing behind", async () => {
  const model = await sampleModel("question-classifier");
  const run = await service.explain(asking(model, { kind: "text", text: "Who was the first man on the moon?" }));
  const { input } = textOf(run);
  const edits = Array.from({ length: 20 }, (_, k): WhatIfChange[] => [
    { kind: "replace", input, tokens: [k % 8], text: `word${k}` },
  ]);
  const done: number[] = [];
  await service.whatIf(run.runId, edits, { onProgress: (progress) => done.push(progress.done) });
  assert.deepEqual(done, [8, 16, 21]);
  const tensors = tf.memory().numTensors;
  const abort = new AbortController();
  await assert.rejects(
    service.whatIf(run.runId, edits, { signal: abort.signal, onProgress: () => abort.abort() }),
    (error) => error instanceof PathlightError && error.code === "cancelled",
  );
  assert.equal(tf.memory().numTensors, tensors);
});
