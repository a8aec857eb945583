import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test, { after } from "node:test";
import * as ort from "onnxruntime-node";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { type ExplainRequest, settingsSchema } from "../../../src/protocol/explain.ts";
import { bertOnnx } from "../../support/bertOnnx.ts";
import { folder } from "../samples/support.ts";

const tokenizer = resolve(import.meta.dirname, "../../fixtures/tokenizers/wordpiece/tokenizer.json");
const layout = join(folder, "sentiment");
const model = join(layout, "onnx", "model.onnx");
mkdirSync(join(layout, "onnx"), { recursive: true });
writeFileSync(model, bertOnnx({ layers: 2, width: 24, heads: 2, words: 700, longest: 32, classes: 3 }));
copyFileSync(tokenizer, join(layout, "tokenizer.json"));
const id2label = { 0: "against", 1: "neither", 2: "for" };
const config = { model_type: "bert", id2label, max_position_embeddings: 32 };
writeFileSync(join(layout, "config.json"), JSON.stringify(config));
const service = new ExplainService();
after(() => service.dispose());

function request(text: string, settings: object = {}): ExplainRequest {
  return {
    model: { path: model },
    samples: [{ sample: { kind: "text", text } }],
    settings: settingsSchema.parse({ tolerance: 0.05, ...settings }),
  };
}

test("a BERT in Hugging Face's layout is explained by its words, without a manifest", async () => {
  const text = "The quick brown fox jumps over the lazy dog.";
  const result = await service.explain(request(text));
  assert.equal(result.status, "converged");
  assert.deepEqual(
    result.predictions.map(({ label }) => label),
    ["against", "neither", "for"],
  );
  const [attribution, ...more] = result.attributions;
  assert(attribution?.kind === "text" && more.length === 0);
  assert.equal(attribution.input, "input_ids");
  assert.deepEqual([attribution.tokens[0]?.text, attribution.tokens.at(-1)?.text], ["[CLS]", "[SEP]"]);
  for (const { text: shown, start, end } of attribution.tokens)
    if (end > start) assert.equal(text.slice(start, end), shown);
  const said = result.warnings.map(({ message }) => message).join("\n");
  assert.match(said, /attention_mask was filled in/);
  assert.match(said, /token_type_ids was filled in/);
  assert.match(said, /Class names are from \.\.\/config\.json/);
  const session = await ort.InferenceSession.create(model);
  const length = attribution.tokens.length;
  const whole = (values: readonly number[]) =>
    new ort.Tensor(
      "int64",
      BigInt64Array.from(values, (value) => BigInt(value)),
      [1, length],
    );
  const outputs = await session.run({
    input_ids: whole(attribution.tokens.map(({ id }) => id)),
    attention_mask: whole(new Array<number>(length).fill(1)),
    token_type_ids: whole(new Array<number>(length).fill(0)),
  });
  const logits = outputs["logits"]?.data;
  assert(logits instanceof Float32Array);
  for (const { index, logit } of result.predictions) assert(Math.abs(logit - (logits[index] ?? 9)) < 1e-4);
  await session.release();
});

test("the start from PAD or MASK, and a text that is longer than the model takes", async () => {
  for (const name of ["pad", "mask"]) {
    const result = await service.explain(request("Wasn't it naïve?", { baseline: { kind: "name", name } }));
    assert.equal(result.status, "converged", name);
  }
  const long = await service.explain(request("many words ".repeat(60), { maxEvaluations: 16 }));
  const [attribution] = long.attributions;
  assert(attribution?.kind === "text");
  assert.equal(attribution.tokens.length, 32);
  assert(attribution.truncatedFrom !== null && attribution.truncatedFrom > 0);
  assert(long.warnings.some(({ code }) => code === "truncated"));
});
