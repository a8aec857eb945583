import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test, { after } from "node:test";
import { tidy } from "@tensorflow/tfjs-core";
import * as ort from "onnxruntime-node";
import { PathlightError } from "../../../src/common/errors.ts";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { withFeeds } from "../../../src/compute/feeds.ts";
import { loadModel } from "../../../src/models/loadModel.ts";
import { type ExplainRequest, settingsSchema } from "../../../src/protocol/explain.ts";
import { bertFromEmbedding, bertOnnx } from "../../support/bertOnnx.ts";
import { folder } from "../samples/support.ts";

/** A BERT that labels each token, in Hugging Face's layout: names and tokenizer are found by themselves. */
const names = ["O", "B-PER", "I-PER", "B-LOC"];
const size = { layers: 1, width: 24, heads: 2, words: 700, longest: 32, classes: names.length, eachPosition: true };
const layout = join(folder, "labels");
const model = join(layout, "model.onnx");
mkdirSync(layout, { recursive: true });
writeFileSync(model, bertOnnx(size));
copyFileSync(
  resolve(import.meta.dirname, "../../fixtures/tokenizers/wordpiece/tokenizer.json"),
  join(layout, "tokenizer.json"),
);
const id2label = Object.fromEntries(names.entries());
writeFileSync(join(layout, "config.json"), JSON.stringify({ model_type: "bert", id2label }));
const service = new ExplainService();
after(() => service.dispose());
const text = "The quick brown fox jumps over the dog.";

function request(settings: object = {}): ExplainRequest {
  return {
    model: { path: model },
    samples: [{ sample: { kind: "text", text } }],
    settings: settingsSchema.parse({ tolerance: 0.01, ...settings }),
  };
}

const whole = (values: readonly number[]) =>
  new ort.Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);

const fromIds = await ort.InferenceSession.create(bertOnnx(size), { logSeverityLevel: 3 });
const fromEmbedding = await ort.InferenceSession.create(bertFromEmbedding(size), { logSeverityLevel: 3 });

/** Logits of every position, [positions × labels], from ids or from their embedding. */
async function logitsOf(ids: readonly number[], embedded?: Float32Array): Promise<Float32Array> {
  const session = embedded === undefined ? fromIds : fromEmbedding;
  const shared = { attention_mask: whole(ids.map(() => 1)), token_type_ids: whole(ids.map(() => 0)) };
  const { logits } = await session.run(
    embedded === undefined
      ? { ...shared, input_ids: whole(ids) }
      : { ...shared, embedded: new ort.Tensor("float32", embedded, [1, ids.length, size.width]) },
  );
  assert(logits?.data instanceof Float32Array);
  return logits.data;
}

test("every token has the label that onnxruntime gives it; the first that is labelled is explained", async () => {
  const result = await service.explain(request());
  const [attribution] = result.attributions;
  assert(attribution?.kind === "text" && result.positions !== undefined);
  const ids = attribution.tokens.map(({ id }) => id);
  const logits = await logitsOf(ids);
  assert.deepEqual(
    result.positions.map(({ position }) => position),
    ids.map((_, position) => position),
  );
  for (const { position, index, label, score } of result.positions) {
    const row = Array.from(logits.slice(position * names.length, (position + 1) * names.length));
    assert.equal(index, row.indexOf(Math.max(...row)));
    assert.equal(label, names[index]);
    const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
    assert(Math.abs(score - Math.exp(row[index] ?? 0) / total) < 1e-4);
  }
  const first = result.positions.find(
    ({ label, position }) => label !== "O" && attribution.tokens[position]?.special === "none",
  );
  assert(first !== undefined, "the random model labels something");
  assert.equal(result.target.position, first.position);
  assert.equal(result.target.label, first.label);
  assert.deepEqual(
    result.predictions.map(({ label }) => label),
    names,
  );
});

test("a token's label comes from the tokens that forward passes say", async () => {
  const position = 4;
  const result = await service.explain(request({ target: { kind: "label", label: "B-LOC", position } }));
  assert.deepEqual([result.target.position, result.target.label], [position, "B-LOC"]);
  assert(result.status === "converged");
  const [attribution] = result.attributions;
  assert(attribution?.kind === "text");
  const ids = attribution.tokens.map(({ id }) => id);
  const loaded = await loadModel(model);
  const [embedding] = loaded.model.embeddings.filter(({ input }) => input === "input_ids");
  assert(embedding !== undefined);
  const feed = { node: "input_ids", shape: [ids.length], data: Int32Array.from(ids), dtype: "int32" } as const;
  const x = await withFeeds([feed], async (feeds) => {
    const [embedded] = tidy(() => loaded.model.evaluate(feeds, [embedding.node]));
    assert(embedded !== undefined);
    const values = Float32Array.from(await embedded.data());
    embedded.dispose();
    return values;
  });
  loaded.model.dispose();
  const at = position * names.length + names.indexOf("B-LOC");
  const score = async (values: Float32Array): Promise<number> => (await logitsOf(ids, values))[at] ?? Number.NaN;
  const [intervals, step] = [16, 1 / 64];
  const expected = ids.map(() => 0);
  for (let node = 0; node <= intervals; node++) {
    const alpha = node / intervals;
    const weight = (node === 0 || node === intervals ? 1 : node % 2 === 1 ? 4 : 2) / (3 * intervals);
    for (const token of ids.keys()) {
      const moved = (side: number) =>
        x.map((value, i) => (alpha + (Math.floor(i / size.width) === token ? side * step : 0)) * value);
      const slope = ((await score(moved(1))) - (await score(moved(-1)))) / (2 * step);
      expected[token] = (expected[token] ?? 0) + weight * slope;
    }
  }
  const total = expected.reduce((sum, value) => sum + Math.abs(value), 0);
  const off = expected.reduce((sum, value, token) => sum + Math.abs(value - (attribution.values[token] ?? 9)), 0);
  assert(off < 0.03 * total, `off by ${((100 * off) / total).toFixed(2)} %`);
});

test("a position without a token is refused, and a label that there is not", async () => {
  for (const target of [
    { kind: "predicted", position: 99 },
    { kind: "label", label: "B-ORG", position: 2 },
  ]) {
    await assert.rejects(
      service.explain(request({ target })),
      (error) => error instanceof PathlightError && error.code === "target-invalid",
    );
  }
});
