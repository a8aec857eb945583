import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { BaselineSpec } from "../../../src/protocol/explain.ts";
import { inputSchema, type ManifestInput, tokenizerSchema } from "../../../src/protocol/manifest.ts";
import {
  availableBaselines,
  createTokenizer,
  npyBytes,
  type PreparedBaseline,
  prepareBaseline,
  prepareSample,
  type SampleContext,
} from "../../../src/samples/index.ts";
import { asSharp, gradient } from "./imageFiles.ts";
import { closeTo, fails, fixtures, folder, write } from "./support.ts";

const image = inputSchema.parse({ kind: "image" });
const tensor = inputSchema.parse({ kind: "tensor" });
const words = { type: "words", vocabulary: "vocab.txt" } as const;
const text = inputSchema.parse({ kind: "text", tokenizer: words });
write("vocab.txt", "[PAD]\n[UNK]\nwhat\nis\nit\n");
const tokenizer = await createTokenizer(tokenizerSchema.parse(words), folder);

const picture = write(
  "scene.png",
  await asSharp(gradient(6, 4, 3))
    .png()
    .toBuffer(),
);
const floats = (name: string, shape: number[], ...data: number[]) =>
  write(name, npyBytes(shape, Float32Array.from(data)));
const file = (path: string, row?: number) => ({ kind: "file" as const, path, ...(row === undefined ? {} : { row }) });
const named = (name: string): BaselineSpec => ({ kind: "name", name: name as "zeros" });

const forImage: SampleContext = { inputShape: [2, 2, 3], integer: false };
const forText: SampleContext = { inputShape: [5], integer: true, tokenizer, vocabularyLimit: 5 };
const forTable: SampleContext = { inputShape: [3], integer: false };

test("sample: a picture, with its title", async () => {
  const prepared = await prepareSample(file(picture), image, forImage);
  assert.deepEqual([prepared.kind, prepared.tensor.shape, prepared.info.title], ["image", [2, 2, 3], "scene.png"]);
});

test("sample: a .npy file is the model's own tensor for every kind of input, not preprocessed", async () => {
  const path = floats("own.npy", [1, 2, 2, 3], ...Array.from({ length: 12 }, (_, index) => index * 100));
  const prepared = await prepareSample(file(path), image, forImage);
  assert.deepEqual([prepared.kind, prepared.tensor.shape, prepared.tensor.data[11]], ["image", [2, 2, 3], 1100]);
  await fails(
    prepareSample(file(path), image, { ...forImage, inputShape: [3, 3, 3] }),
    "sample-shape",
    "3 × 3 × 3",
    "own.npy",
  );
});

test("sample: token ids from .npy become tokens that can be read", async () => {
  const path = write("ids.npy", npyBytes([5], Int32Array.of(2, 3, 1, 0, 0)));
  const prepared = await prepareSample(file(path), text, forText);
  assert(prepared.kind === "text", prepared.kind);
  assert.equal(prepared.text, "what is [UNK] [PAD] [PAD]");
  for (const token of prepared.encoded.tokens) assert.equal(prepared.text.slice(token.start, token.end), token.text);
  assert.deepEqual(
    prepared.encoded.tokens.map(({ special }) => special),
    ["none", "none", "unknown", "pad", "pad"],
  );
  // Without a manifest the model's embedding alone says that they are ids.
  const bare = await prepareSample(file(path), tensor, { ...forText, tokenizer: undefined });
  assert.equal(bare.kind === "text" && bare.text, "#2 #3 #1 #0 #0");
  const beyond = write("beyond.npy", npyBytes([5], Int32Array.of(2, 3, 1, 5, 0)));
  await fails(prepareSample(file(beyond), text, forText), "tokenizer-invalid", "0 to 4", "5 at position 3");
  const half = floats("half.npy", [5], 0, 1, 2.5, 0, 0);
  await fails(prepareSample(file(half), text, forText), "sample-shape", "2.5");
});

test("sample: rows, selections and whole files of text", async () => {
  const csv = write("q.csv", "question,type\nWhat is it?,X\nis,Y\n");
  const row = await prepareSample(file(csv, 1), text, { ...forText, column: "question", label: "type" });
  assert(row.kind === "text", row.kind);
  assert.deepEqual(
    [row.text, row.info.title, row.info.label, row.info.column],
    ["is", "q.csv, row 2", "Y", "question"],
  );
  assert.deepEqual(row.tensor, { shape: [5], data: Int32Array.of(3, 0, 0, 0, 0) });
  const chosen = await prepareSample({ ...file(csv, 0), column: "type" }, text, { ...forText, column: "question" });
  assert.equal(chosen.kind === "text" && chosen.text, "X");
  const selection = await prepareSample({ kind: "text", text: "what is", origin: "main.py:3" }, text, forText);
  assert.deepEqual([selection.info.title, selection.info.path], ["main.py:3", null]);
  const whole = await prepareSample(file(write("notes.md", "it is")), text, forText);
  assert.equal(whole.kind === "text" && whole.text, "it is");
  const typedRow = { column: "question", fields: { question: "what is", type: "thing" } };
  const typed = await prepareSample({ kind: "text", text: "what is", row: typedRow }, text, forText);
  assert.equal(typed.info.column, "question");
  assert.deepEqual(typed.info.columns, ["question", "type"]);
  const long = await prepareSample({ kind: "text", text: "what is it what is it" }, text, forText);
  assert(long.kind === "text", long.kind);
  assert.equal(long.encoded.truncatedFrom, 19);
  assert.match(long.notes.join(), /longer than the model takes/);
  const strange = await prepareSample({ kind: "text", text: "what on earth" }, text, forText);
  assert.match(strange.notes.join(), /Not in the vocabulary: on, earth\./);
  await fails(prepareSample({ kind: "text", text: "" }, text, forText), "sample-empty");
  await fails(prepareSample(file(picture), text, forText), "sample-unreadable", "not UTF-8");
  await fails(prepareSample(file(csv, 0), { ...text, length: 7 } as ManifestInput, forText), "sample-shape", "5", "7");
  await fails(prepareSample(file(csv, 0), text, { ...forText, inputShape: [5, 8] }), "sample-shape", "2 axes");
});

test("sample: rows of numbers, without the label", async () => {
  const csv = write("table.csv", "a,b,c,class\n1,2.5,-3,yes\n1,x,3,no\n");
  const row = await prepareSample(file(csv, 0), tensor, { ...forTable, label: "class" });
  assert.deepEqual([row.tensor, row.info.label], [{ shape: [3], data: Float32Array.of(1, 2.5, -3) }, "yes"]);
  const list = write("table.jsonl", '{"id": "r1", "features": [[1, 2], [3, 4]]}\n[7, 8, 9]\n');
  const nested = await prepareSample(file(list, 0), tensor, { inputShape: [2, 2], integer: false });
  assert.deepEqual(nested.tensor, { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
  assert.deepEqual((await prepareSample(file(list, 1), tensor, forTable)).tensor.data, Float32Array.of(7, 8, 9));
  await fails(prepareSample(file(csv, 0), tensor, forTable), "sample-unreadable", '"yes" in "class"', "label");
  await fails(
    prepareSample(file(csv, 1), tensor, { ...forTable, label: "class" }),
    "sample-unreadable",
    "Line 3",
    '"x" in "b"',
  );
  await fails(
    prepareSample(file(list, 1), tensor, { inputShape: [2, 2], integer: false }),
    "sample-shape",
    "4 numbers",
    "3 numbers",
  );
});

test("sample: kinds that do not fit are refused", async () => {
  await fails(prepareSample(file(picture), tensor, forTable), "sample-shape", "scene.png", ".npy");
  await fails(prepareSample({ kind: "text", text: "x" }, image, forImage), "sample-shape", "a picture");
  await fails(prepareSample(file(write("z.csv", "a\nb\n"), 0), image, forImage), "sample-shape", "row of a data file");
  const gone = write("gone.png", "x");
  rmSync(gone);
  await fails(prepareSample(file(gone), image, forImage), "sample-not-found", "gone.png");
});

const numbers = (baseline: PreparedBaseline) => (baseline.kind === "tensor" ? [...baseline.tensor.data] : []);

test("baselines: each that a picture offers can be prepared, black first", async () => {
  const prepared = await prepareSample(file(picture), image, forImage);
  const choices = availableBaselines(prepared);
  assert.deepEqual(
    choices.map(({ id }) => id),
    ["black", "white", "grey", "blurred", "mean", "zeros"],
  );
  for (const { spec } of choices) {
    const baseline = await prepareBaseline(spec, prepared, image, { ...forImage, meanOver: [picture] });
    assert.deepEqual(baseline.kind === "tensor" && baseline.tensor.shape, [2, 2, 3]);
    assert.equal(numbers(baseline).every(Number.isFinite), true);
  }
  const context = { ...forImage, meanOver: [picture] };
  const mean = await prepareBaseline(named("mean"), prepared, image, context);
  closeTo(numbers(mean), prepared.tensor.data, 1e-6);
  assert.equal(mean.label, "Mean of 1 samples");
  // Arrays that lie in the same folder are no pictures.
  const beside = { ...forImage, meanOver: [floats("beside.npy", [2, 2, 3], ...new Array(12).fill(9)), picture] };
  assert.deepEqual(numbers(await prepareBaseline(named("mean"), prepared, image, beside)), numbers(mean));
  const first = await prepareBaseline(undefined, prepared, image, forImage);
  assert.deepEqual([first.label, numbers(first)], ["Black", new Array(12).fill(0)]);
  assert.deepEqual(
    numbers(await prepareBaseline({ kind: "value", value: 0.25 }, prepared, image, forImage)),
    new Array(12).fill(0.25),
  );
  const itself = await prepareBaseline({ kind: "file", path: picture }, prepared, image, forImage);
  assert.deepEqual([itself.label, numbers(itself)], ["scene.png", [...prepared.tensor.data]]);
  const own = floats("base.npy", [2, 2, 3], ...new Array(12).fill(7));
  assert.deepEqual(
    numbers(await prepareBaseline({ kind: "file", path: own }, prepared, image, forImage)),
    new Array(12).fill(7),
  );
  const other = floats("other.npy", [2, 3, 3], ...new Array(18).fill(7));
  await fails(
    prepareBaseline({ kind: "file", path: other }, prepared, image, forImage),
    "baseline-invalid",
    "2 × 3 × 3",
    "2 × 2 × 3",
  );
  await fails(prepareBaseline(named("pad"), prepared, image, forImage), "baseline-invalid", "black, white, grey");
  await fails(prepareBaseline(named("mean"), prepared, image, forImage), "baseline-invalid", "no pictures");
  await fails(
    prepareBaseline({ kind: "file", path: join(folder, "no.png") }, prepared, image, forImage),
    "sample-not-found",
  );
});

test("baselines: text starts from embeddings", async () => {
  const prepared = await prepareSample({ kind: "text", text: "what is it" }, text, forText);
  const choices = availableBaselines(prepared, tokenizer);
  assert.deepEqual(
    choices.map(({ id }) => id),
    ["zero-embedding", "pad", "unknown", "mean-embedding"],
  );
  assert.deepEqual(await prepareBaseline(undefined, prepared, text, forText), {
    kind: "embedding",
    fill: { kind: "zero" },
    label: "Zero embedding",
    notes: [],
  });
  const unknown = await prepareBaseline(named("unknown"), prepared, text, forText);
  assert.deepEqual(unknown, {
    kind: "embedding",
    fill: { kind: "ids", ids: Int32Array.of(1, 1, 1, 1, 1) },
    label: "UNK token",
    notes: [],
  });
  const ids = write("baseIds.npy", npyBytes([5], Int32Array.of(0, 1, 2, 3, 4)));
  const fromFile = await prepareBaseline({ kind: "file", path: ids }, prepared, text, forText);
  assert.deepEqual(fromFile.kind === "embedding" && fromFile.fill, { kind: "ids", ids: Int32Array.of(0, 1, 2, 3, 4) });
  const short = write("short.npy", npyBytes([4], Int32Array.of(0, 1, 2, 3)));
  await fails(prepareBaseline({ kind: "file", path: short }, prepared, text, forText), "baseline-invalid", "4", "5");
  await fails(
    prepareBaseline(named("mask"), prepared, text, forText),
    "baseline-invalid",
    "zero-embedding, pad, unknown, mean-embedding",
  );
  await fails(prepareBaseline(named("black"), prepared, text, forText), "baseline-invalid", "a text");
  await fails(prepareBaseline({ kind: "file", path: picture }, prepared, text, forText), "baseline-invalid", ".npy");
});

test("baselines: arrays start from numbers or a file", async () => {
  const prepared = await prepareSample(file(floats("v.npy", [3], 1, 2, 3)), tensor, forTable);
  assert.deepEqual(
    availableBaselines(prepared).map(({ id }) => id),
    ["zeros", "ones", "mean"],
  );
  assert.deepEqual(numbers(await prepareBaseline(undefined, prepared, tensor, forTable)), [0, 0, 0]);
  assert.deepEqual(numbers(await prepareBaseline(named("ones"), prepared, tensor, forTable)), [1, 1, 1]);
  const meanOver = [floats("m1.npy", [3], 0, 0, 9), floats("m2.npy", [1, 3], 1, 3, 0), picture];
  const mean = await prepareBaseline(named("mean"), prepared, tensor, { ...forTable, meanOver });
  assert.deepEqual([mean.label, numbers(mean)], ["Mean of 2 samples", [0.5, 1.5, 4.5]]);
  await fails(prepareBaseline(named("mean"), prepared, tensor, forTable), "baseline-invalid", "no arrays");
  const odd = { ...forTable, meanOver: [floats("m3.npy", [2], 0, 0)] };
  await fails(prepareBaseline(named("mean"), prepared, tensor, odd), "baseline-invalid", "1 files, none of them");
  await fails(prepareBaseline(named("black"), prepared, tensor, forTable), "baseline-invalid", "zeros, ones");
  await fails(prepareBaseline({ kind: "file", path: picture }, prepared, tensor, forTable), "baseline-invalid");
});

test("sample: fixtures that numpy wrote are samples", async () => {
  const prepared = await prepareSample(file(join(fixtures, "npy", "fortran.npy")), tensor, {
    inputShape: [2, 3, 4],
    integer: false,
  });
  assert.deepEqual(
    prepared.tensor.data,
    Float32Array.from({ length: 24 }, (_, index) => index),
  );
});
