import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { memory } from "@tensorflow/tfjs-core";
import * as ort from "onnxruntime-node";
import { PathlightError } from "../../../src/common/errors.ts";
import { ExplainService } from "../../../src/compute/explainService.ts";
import type { SequenceEvent } from "../../../src/protocol/compute.ts";
import { type ExplainRequest, settingsSchema } from "../../../src/protocol/explain.ts";
import { type ManifestModel, modelSchema } from "../../../src/protocol/manifest.ts";
import { matrixRow } from "../../../src/protocol/matrixRow.ts";
import { bertOnnx } from "../../support/bertOnnx.ts";
import { seq2seqOnnx, seq2seqSize, sourceEmbedding } from "../../support/seq2seqOnnx.ts";
import { folder } from "../samples/support.ts";

const place = join(folder, "sequence");
mkdirSync(place, { recursive: true });
const sourceWords = ["[PAD]", "[UNK]", "red", "green", "blue", "fish", "bird", "tree", "sky"];
const targetWords = ["[PAD]", "[START]", "[END]", "ka", "lo", "mi", "tu", "re"];
writeFileSync(join(place, "source.txt"), `${sourceWords.join("\n")}\n`);
writeFileSync(join(place, "target.txt"), `${targetWords.join("\n")}\n`);
for (const part of ["whole", "encoder", "decoder"] as const)
  writeFileSync(join(place, `${part}.onnx`), seq2seqOnnx(part));

const service = new ExplainService();
after(() => service.dispose());

const text = "red fish green bird";
const sourceIds = [2, 5, 3, 6];
const words = (vocabulary: string) => ({ type: "words", vocabulary }) as const;
const input = { kind: "text", name: "input_ids", tokenizer: words("source.txt") };
const generate = {
  kind: "encoder-decoder",
  source: "input_ids",
  target: "decoder_input_ids",
  start: "[START]",
  end: "[END]",
  tokenizer: words("target.txt"),
  maxLength: 6,
};
const whole = modelSchema.parse({ name: "whole", path: "whole.onnx", inputs: [input], generate });
const twoFiles = modelSchema.parse({
  name: "two",
  path: "encoder.onnx",
  inputs: [input],
  generate: { ...generate, target: "input_ids", decoder: { path: "decoder.onnx" } },
});

function request(entry: ManifestModel, settings: object = {}, of = text): ExplainRequest {
  return {
    model: { path: join(place, entry.path), entry, baseFolder: place },
    samples: [{ sample: { kind: "text", text: of } }],
    settings: settingsSchema.parse({ tolerance: 0.002, backend: "auto", ...settings }),
  };
}

const whole64 = (values: readonly number[]) =>
  new ort.Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);

/** Greedy decoding by a plain loop over onnxruntime. */
async function greedy(): Promise<{ ids: number[]; logits: number[] }> {
  const session = await ort.InferenceSession.create(join(place, "whole.onnx"));
  const ids: number[] = [];
  const logits: number[] = [];
  while (ids.length < generate.maxLength && ids.at(-1) !== 2) {
    const fed = [1, ...ids];
    const { logits: output } = await session.run({
      input_ids: whole64(sourceIds),
      attention_mask: whole64(sourceIds.map(() => 1)),
      decoder_input_ids: whole64(fed),
    });
    assert(output?.data instanceof Float32Array);
    const row = output.data.slice((fed.length - 1) * targetWords.length);
    ids.push(row.indexOf(Math.max(...row)));
    logits.push(Math.max(...row));
  }
  await session.release();
  return { ids, logits };
}

/** The integral of how fast the score of token `row` changes when one source token's embedding moves along the path. */
async function byDifferences(ids: readonly number[], row: number): Promise<number[]> {
  const session = await ort.InferenceSession.create(seq2seqOnnx("embedded"), { logSeverityLevel: 3 });
  const x = sourceEmbedding(sourceIds);
  const { width } = seq2seqSize;
  const intervals = 64;
  const step = 1 / 256;
  const fed = [1, ...ids.slice(0, row)];
  const score = async (values: Float32Array): Promise<number> => {
    const { logits } = await session.run({
      embedded: new ort.Tensor("float32", values, [1, sourceIds.length, width]),
      attention_mask: whole64(sourceIds.map(() => 1)),
      decoder_input_ids: whole64(fed),
    });
    assert(logits?.data instanceof Float32Array);
    return logits.data[row * targetWords.length + (ids[row] ?? 0)] ?? Number.NaN;
  };
  const sums = sourceIds.map(() => 0);
  for (let node = 0; node <= intervals; node++) {
    const alpha = node / intervals;
    const weight = (node === 0 || node === intervals ? 1 : node % 2 === 1 ? 4 : 2) / (3 * intervals);
    for (const token of sourceIds.keys()) {
      const moved = (side: number) =>
        x.map((value, at) => (alpha + (Math.floor(at / width) === token ? side * step : 0)) * value);
      const slope = ((await score(moved(1))) - (await score(moved(-1)))) / (2 * step);
      sums[token] = (sums[token] ?? 0) + weight * slope;
    }
  }
  await session.release();
  return sums;
}

test("greedy decoding writes what a plain loop over onnxruntime writes, and says when it is not at its end", async () => {
  const expected = await greedy();
  const result = await service.explain(request(whole, { target: { kind: "index", index: 1 } }));
  assert(result.produced !== undefined);
  assert.deepEqual(
    result.produced.tokens.map(({ id }) => id),
    expected.ids,
  );
  for (const [step, logit] of expected.logits.entries())
    assert(Math.abs((result.predictions[step]?.logit ?? 9) - logit) < 1e-4);
  // The marks of start and end are no words of the text, wherever they are written.
  const spoken = expected.ids.filter((id) => id > 2).map((id) => targetWords[id]);
  assert.equal(result.produced.text, spoken.join(" "));
  for (const token of result.produced.tokens)
    if (token.end > token.start) assert.equal(result.produced.text.slice(token.start, token.end), token.text);
  const ended = expected.ids.at(-1) === 2;
  assert.equal(result.produced.ended, ended);
  assert.equal(
    result.warnings.some(({ code }) => code === "not-ended"),
    !ended,
  );
  assert.deepEqual(result.target, {
    index: 1,
    label: targetWords[expected.ids[1] ?? 0],
    output: "logits",
    link: "logit",
  });
});

test("each row of the matrix is what forward passes say, is the explanation of its token, and adds up", async () => {
  const { ids } = await greedy();
  const events: SequenceEvent[] = [];
  const { matrix, produced } = await service.explainSequence(request(whole), { emit: (event) => events.push(event) });
  assert.equal(matrix.rows.length, ids.length);
  assert.deepEqual(
    matrix.columns.map(({ text: shown }) => shown),
    text.split(" "),
  );
  const streamed = events.filter((event) => event.type === "matrix");
  assert.deepEqual(
    streamed.map(({ done }) => done),
    ids.map((_, at) => at + 1),
  );
  assert.equal(streamed[0]?.matrix.rowFigures.filter((figures) => figures !== null).length, 1);
  for (const row of matrix.rows.keys()) {
    const { values, errors } = matrixRow(matrix, row);
    const figures = matrix.rowFigures[row];
    assert(figures && errors !== null);
    assert(figures.status === "converged" || figures.status === "precision-floor", figures.status);
    const sum = values.reduce((total, value) => total + value, 0);
    assert(Math.abs(sum - figures.sum) < 1e-5);
    assert(Math.abs(sum - figures.deltaF) < 0.005 * Math.max(0.1, Math.abs(figures.deltaF)));
    const expected = await byDifferences(ids, row);
    const size = expected.reduce((total, value) => total + Math.abs(value), 0);
    const off = expected.reduce((total, value, token) => total + Math.abs(value - (values[token] ?? 9)), 0);
    assert(off < 0.01 * size, `row ${row}: off by ${off} of ${size}`);
    const alone = await service.explain(request(whole, { target: { kind: "index", index: row } }));
    assert.deepEqual(alone.attributions[0]?.values, values);
    assert.equal(alone.produced?.text, produced.text);
  }
});

test("an encoder and a decoder in two files say the same as in one", async () => {
  const one = await service.explainSequence(request(whole));
  const two = await service.explainSequence(request(twoFiles));
  assert.deepEqual(two.produced, one.produced);
  const off = Math.max(...one.matrix.values.map((value, at) => Math.abs(value - (two.matrix.values[at] ?? 9))));
  assert(off < 1e-4, String(off));
});

test("with what had been written explained too, rows add up over both parts, and none reads ahead", async () => {
  const { matrix } = await service.explainSequence(request(whole, { explainPrefix: true }));
  const { length } = sourceIds;
  assert.deepEqual(
    matrix.parts.map(({ start, end }) => [start, end]),
    [
      [0, length],
      [length, length + matrix.rows.length - 1],
    ],
  );
  let prefix = 0;
  for (const [row, reads] of matrix.reads.entries()) {
    assert.equal(reads, length + row);
    const { values } = matrixRow(matrix, row);
    const figures = matrix.rowFigures[row];
    assert(figures);
    assert(values.subarray(reads).every((value) => value === 0));
    prefix += values.subarray(length).reduce((sum, value) => sum + Math.abs(value), 0);
    const sum = values.reduce((total, value) => total + value, 0);
    assert(Math.abs(sum - figures.deltaF) < 0.005 * Math.max(0.1, Math.abs(figures.deltaF)), `row ${row}`);
  }
  assert(prefix > 0.1, "what was written counts");
});

test("what if: a blanked or replaced source token is measured after what had been written before", async () => {
  const { ids } = await greedy();
  const row = 2;
  const explained = await service.explain(request(whole, { target: { kind: "index", index: row } }));
  const [attribution] = explained.attributions;
  assert(attribution?.kind === "text" && attribution.blank !== null);
  const blank = attribution.blank?.id ?? -1;
  const answer = await service.whatIf(explained.runId, [
    [{ kind: "blank", input: "input_ids", tokens: [1] }],
    [{ kind: "replace", input: "input_ids", tokens: [1], text: "sky" }],
  ]);
  const session = await ort.InferenceSession.create(join(place, "whole.onnx"));
  for (const [at, second] of [blank, 8].entries()) {
    const source = sourceIds.map((id, position) => (position === 1 ? second : id));
    const { logits } = await session.run({
      input_ids: whole64(source),
      attention_mask: whole64(source.map(() => 1)),
      decoder_input_ids: whole64([1, ...ids.slice(0, row)]),
    });
    assert(logits?.data instanceof Float32Array);
    const expected = logits.data[row * targetWords.length + (ids[row] ?? 0)] ?? Number.NaN;
    const result = answer.results[at];
    assert(result?.kind === "measured", JSON.stringify(result));
    assert(Math.abs(result.score - expected) < 1e-4, `${result.score} for ${expected}`);
    assert.equal(result.target?.label, explained.target.label);
  }
  await session.release();
});

test("a cancel between rows keeps those that are done, and leaves no tensors", async () => {
  const before = await service.explainSequence(request(whole)).then(() => memory().numTensors);
  const abort = new AbortController();
  let rows = 0;
  const asked = request(whole, { tolerance: 0.001, baseline: { kind: "name", name: "unknown" } });
  await assert.rejects(
    service.explainSequence(asked, {
      signal: abort.signal,
      emit: (event) => {
        if (event.type !== "matrix") return;
        rows = event.matrix.rowFigures.filter((figures) => figures !== null).length;
        if (event.done === 2) abort.abort();
      },
    }),
    (error) => error instanceof PathlightError && error.code === "cancelled",
  );
  assert.equal(rows, 2);
  assert.equal(memory().numTensors, before);
  const again = await service.explainSequence(asked);
  assert(again.matrix.rowFigures.every((figures) => figures !== null));
});

test("a decoder-only model continues its text; prompt and what it wrote are told apart", async () => {
  const size = { layers: 1, width: 16, heads: 2, words: 9, longest: 24, classes: 9, eachPosition: true };
  writeFileSync(join(place, "continue.onnx"), bertOnnx(size));
  const entry = modelSchema.parse({
    name: "continue",
    path: "continue.onnx",
    inputs: [{ ...input, name: "input_ids" }],
    generate: { kind: "decoder-only", end: "sky", maxLength: 4 },
  });
  const session = await ort.InferenceSession.create(join(place, "continue.onnx"));
  const ids = [...sourceIds];
  while (ids.length < sourceIds.length + 4 && ids.at(-1) !== 8) {
    const output = (
      await session.run({
        input_ids: whole64(ids),
        attention_mask: whole64(ids.map(() => 1)),
        token_type_ids: whole64(ids.map(() => 0)),
      })
    )["logits"]?.data;
    assert(output instanceof Float32Array);
    const row = output.slice((ids.length - 1) * 9);
    ids.push(row.indexOf(Math.max(...row)));
  }
  const { matrix, produced } = await service.explainSequence(request(entry, { explainPrefix: true, tolerance: 0.02 }));
  assert.deepEqual(
    produced.tokens.map(({ id }) => id),
    ids.slice(sourceIds.length),
  );
  assert(produced.tokens.length > 2);
  assert.equal(matrix.columnText, text);
  for (const [row, figures] of matrix.rowFigures.entries()) {
    assert(figures);
    const { values } = matrixRow(matrix, row);
    const sum = values.reduce((total, value) => total + value, 0);
    assert(Math.abs(sum - figures.sum) < 1e-4 * Math.max(1, Math.abs(sum)), `row ${row}: ${sum} of ${figures.sum}`);
    assert(values.subarray(sourceIds.length + row).every((value) => value === 0));
  }
  const alone = await service.explain(
    request(entry, { target: { kind: "index", index: produced.tokens.length - 1 }, tolerance: 0.02 }),
  );
  const [attribution] = alone.attributions;
  assert(attribution?.kind === "text");
  assert.equal(attribution.tokens.length, sourceIds.length + produced.tokens.length - 1);
  // What was written is held, so that all of the change comes from the text.
  for (const value of attribution.values.subarray(sourceIds.length)) assert.equal(Math.abs(value), 0);
  await session.release();
});

test("what does not fit is refused by name", async () => {
  const fails = (change: object, code: string, said: RegExp) =>
    assert.rejects(
      service.explain(request(modelSchema.parse({ ...whole, generate: { ...generate, ...change } }))),
      (error) => {
        assert(error instanceof PathlightError);
        assert.equal(error.code, code);
        assert.match(`${error.message} ${error.details.expected} ${error.details.found}`, said);
        return true;
      },
    );
  await fails({ start: "<s>" }, "manifest-invalid", /start token.*"<s>"/);
  await fails({ end: "</s>" }, "manifest-invalid", /end token.*"<\/s>"/);
  await fails({ target: "labels" }, "manifest-invalid", /no input "labels".*input_ids, attention_mask/);
  await fails({ tokenizer: words("source.txt") }, "tokenizer-invalid", /ids below 8/);
  const node = modelSchema.parse({ ...whole, output: "scores/masked" });
  await assert.rejects(
    service.explain(request(node)),
    (error) =>
      error instanceof PathlightError &&
      error.code === "model-unsupported-shape" &&
      /at least 8 tokens/.test(error.details.expected ?? ""),
  );
  const plain = modelSchema.parse({ name: "whole", path: "whole.onnx", inputs: [input] });
  await assert.rejects(
    service.explainSequence(request(plain)),
    (error) => error instanceof PathlightError && error.code === "usage",
  );
  const target = await service
    .explain(request(whole, { target: { kind: "index", index: 40 } }))
    .catch((error: unknown) => error);
  assert(target instanceof PathlightError && target.code === "target-invalid");
});
