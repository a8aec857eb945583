import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { tidy } from "@tensorflow/tfjs-core";
import * as ort from "onnxruntime-node";
import { seededRandom } from "../../../src/common/random.ts";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { withFeeds } from "../../../src/compute/feeds.ts";
import { loadModel } from "../../../src/models/loadModel.ts";
import { settingsSchema } from "../../../src/protocol/explain.ts";
import { npyBytes } from "../../../src/samples/index.ts";
import { bertFromEmbedding, bertOnnx } from "../../support/bertOnnx.ts";
import { usableBackends } from "../models/backends.ts";
import { folder } from "../samples/support.ts";

/**
 * The attribution of a token is the integral of how fast the score changes when this token's embedding alone moves along
 * the path. onnxruntime says that with forward passes only: it shares neither a kernel nor a gradient with Pathlight.
 */

const size = { layers: 3, width: 48, heads: 4, words: 700, longest: 32, classes: 3 };
const positions = 14;
const padded = 2;
const random = seededRandom(3);
const ids = Int32Array.from({ length: positions }, (_, at) =>
  at < positions - padded ? 5 + Math.floor(random() * 690) : 0,
);
const mask = Int32Array.from({ length: positions }, (_, at) => (at < positions - padded ? 1 : 0));
const target = 1;

const file = join(folder, "bert.onnx");
writeFileSync(file, bertOnnx(size));
const service = new ExplainService();
after(() => service.dispose());

function npy(name: string, values: Int32Array): string {
  const path = join(folder, `${name}.npy`);
  writeFileSync(path, npyBytes([values.length], values));
  return path;
}

/** Scores of so many texts in onnxruntime, each an embedded text of [positions × width]. */
async function scores(session: ort.InferenceSession, texts: readonly Float32Array[]): Promise<number[]> {
  const rows = texts.length;
  const embedded = new Float32Array(rows * positions * size.width);
  for (const [row, text] of texts.entries()) embedded.set(text, row * text.length);
  const whole = (values: Int32Array) =>
    new ort.Tensor(
      "int64",
      BigInt64Array.from({ length: rows * positions }, (_, at) => BigInt(values[at % positions] ?? 0)),
      [rows, positions],
    );
  const { logits } = await session.run({
    embedded: new ort.Tensor("float32", embedded, [rows, positions, size.width]),
    attention_mask: whole(mask),
    token_type_ids: whole(new Int32Array(positions)),
  });
  assert.ok(logits?.data instanceof Float32Array);
  const values = logits.data;
  return Array.from({ length: rows }, (_, row) => values[row * size.classes + target] ?? Number.NaN);
}

/** Simpson's rule over the path from zero; at each node central differences along every token's own direction. */
async function byDifferences(session: ort.InferenceSession, x: Float32Array): Promise<number[]> {
  const intervals = 48;
  const step = 1 / 128;
  const sums = new Array<number>(positions).fill(0);
  for (let node = 0; node <= intervals; node++) {
    const alpha = node / intervals;
    const weight = (node === 0 || node === intervals ? 1 : node % 2 === 1 ? 4 : 2) / (3 * intervals);
    const texts: Float32Array[] = [];
    for (let token = 0; token < positions; token++) {
      for (const side of [1, -1]) {
        const own = (at: number): boolean => Math.floor(at / size.width) === token;
        texts.push(x.map((value, at) => (alpha + (own(at) ? side * step : 0)) * value));
      }
    }
    const found = await scores(session, texts);
    for (let token = 0; token < positions; token++) {
      const [up, down] = [found[2 * token] ?? Number.NaN, found[2 * token + 1] ?? Number.NaN];
      sums[token] = (sums[token] ?? 0) + (weight * (up - down)) / (2 * step);
    }
  }
  return sums;
}

/** What the word embedding puts out for the ids. */
async function embeddingOfIds(): Promise<Float32Array> {
  const { model } = await loadModel(file);
  const [embedding] = model.embeddings.filter(({ input }) => input === "input_ids");
  assert.ok(embedding !== undefined);
  try {
    const feed = { node: "input_ids", shape: [positions], data: ids, dtype: "int32" } as const;
    return await withFeeds([feed], async (feeds) => {
      const [embedded] = tidy(() => model.evaluate(feeds, [embedding.node]));
      assert.ok(embedded !== undefined);
      const values = Float32Array.from(await embedded.data());
      embedded.dispose();
      return values;
    });
  } finally {
    model.dispose();
  }
}

const backends = await usableBackends();

test("tokens of a BERT get what forward passes of onnxruntime say, within 2 %", async () => {
  const session = await ort.InferenceSession.create(bertFromEmbedding(size), { logSeverityLevel: 3 });
  const x = await embeddingOfIds();
  const expected = await byDifferences(session, x);
  const [atInput = Number.NaN, atBaseline = Number.NaN] = await scores(session, [x, new Float32Array(x.length)]);
  const total = expected.reduce((sum, value) => sum + value, 0);
  assert.ok(Math.abs(total - (atInput - atBaseline)) < 0.005 * Math.abs(atInput - atBaseline), "the reference adds up");
  const magnitude = expected.reduce((sum, value) => sum + Math.abs(value), 0);
  for (const backend of backends) {
    const result = await service.explain({
      model: { path: file },
      samples: [
        { input: "input_ids", sample: { kind: "file", path: npy("ids", ids) } },
        { input: "attention_mask", sample: { kind: "file", path: npy("mask", mask) } },
        { input: "token_type_ids", sample: { kind: "file", path: npy("types", new Int32Array(positions)) } },
      ],
      settings: settingsSchema.parse({ backend, tolerance: 0.01, target: { kind: "index", index: target } }),
    });
    assert.equal(result.status, "converged");
    assert.ok(Math.abs(result.score.input - atInput) < 1e-4 * Math.max(1, Math.abs(atInput)), "the same score");
    const values = result.attributions[0]?.values;
    assert.ok(values?.length === positions);
    const off = expected.reduce((sum, value, token) => sum + Math.abs(value - (values[token] ?? Number.NaN)), 0);
    assert.ok(off <= 0.02 * magnitude, `${backend}: off by ${(100 * off) / magnitude} %`);
    for (let at = positions - padded; at < positions; at++)
      assert.equal(Math.abs(values[at] ?? Number.NaN), 0, "padding");
  }
});
