import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import * as ort from "onnxruntime-node";
import { PathlightError } from "../../../src/common/errors.ts";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { columnSamples } from "../../../src/protocol/columnSamples.ts";
import { type ExplainRequest, settingsSchema } from "../../../src/protocol/explain.ts";
import { modelSchema } from "../../../src/protocol/manifest.ts";
import "../engine/cpuBackend.ts";
import { bertOnnx } from "../../support/bertOnnx.ts";
import { saveLayers } from "../models/savedLayers.ts";
import { folder, write } from "../samples/support.ts";
import { reference } from "../samples/tokenizerReference.ts";

const layout = join(folder, "entailment");
const model = join(layout, "model.onnx");
mkdirSync(layout, { recursive: true });
writeFileSync(model, bertOnnx({ layers: 1, width: 24, heads: 2, words: 1200, longest: 24, classes: 3 }));
writeFileSync(join(layout, "tokenizer.json"), JSON.stringify(reference("bert-uncased").tokenizer));
writeFileSync(join(layout, "config.json"), JSON.stringify({ model_type: "bert", max_position_embeddings: 24 }));
const service = new ExplainService();
after(() => service.dispose());

const settings = settingsSchema.parse({ tolerance: 0.05 });
const asked = (samples: ExplainRequest["samples"]): ExplainRequest => ({ model: { path: model }, samples, settings });

const question = "Who wrote it?";
const context = "The quick brown fox.";
const rows = write("pairs.jsonl", `${JSON.stringify({ id: 1, question, context })}\n${JSON.stringify({ question })}\n`);
const row = (number: number) => ({ kind: "file" as const, path: rows, row: number });

test("two columns are one sequence: token types tell them apart, and each token stands in its own field", async () => {
  const result = await service.explain(asked(columnSamples(row(0), ["question", "context"])));
  const [attribution, ...more] = result.attributions;
  assert(attribution?.kind === "text" && more.length === 0);
  const { text, fields, tokens } = attribution;
  assert.deepEqual(
    fields.map(({ name, start, end }) => [name, text.slice(start, end)]),
    [
      ["question", question],
      ["context", context],
    ],
  );
  assert.equal(tokens.filter(({ text: shown }) => shown === "[SEP]").length, 2);
  assert.match(result.warnings.map(({ message }) => message).join("\n"), /token types of the tokenizer/);
  const end = tokens.findIndex(({ text: shown }) => shown === "[SEP]");
  const session = await ort.InferenceSession.create(model);
  const whole = (values: readonly number[]) =>
    new ort.Tensor(
      "int64",
      BigInt64Array.from(values, (value) => BigInt(value)),
      [1, values.length],
    );
  const outputs = await session.run({
    input_ids: whole(tokens.map(({ id }) => id)),
    attention_mask: whole(tokens.map(() => 1)),
    token_type_ids: whole(tokens.map((_, position) => (position > end ? 1 : 0))),
  });
  const logits = outputs["logits"]?.data;
  assert(logits instanceof Float32Array);
  for (const { index, logit } of result.predictions) assert(Math.abs(logit - (logits[index] ?? 9)) < 1e-4);
  await session.release();
});

test("two pieces of text for one input are the same pair, also by the name of the input and from an editor", async () => {
  const piece = (text: string) => ({ sample: { kind: "text" as const, text } });
  const fields = { question, context };
  const typed = { kind: "text" as const, text: question, row: { column: "question", fields } };
  const ways = [
    [piece(question), piece(context)],
    [
      { input: "input_ids", ...piece(question) },
      { input: "input_ids", ...piece(context) },
    ],
    columnSamples(typed, ["question", "context"]),
    columnSamples(row(0), { input_ids: ["question", "context"] }),
  ];
  const all = await Promise.all(ways.map((samples) => service.explain(asked(samples))));
  const idsOf = (index: number) =>
    all[index]?.attributions.flatMap((attribution) =>
      attribution.kind === "text" ? attribution.tokens.map(({ id }) => id) : [],
    );
  for (const index of ways.keys()) {
    assert.deepEqual(idsOf(index), idsOf(0));
    assert.deepEqual(all[index]?.score, all[0]?.score);
  }
});

test("of a pair that does not fit, what each text lost is told", async () => {
  const long = "many words ".repeat(12);
  const piece = (text: string) => ({ sample: { kind: "text" as const, text } });
  const both = await service.explain(asked([piece(long), piece(long)]));
  assert.equal(both.warnings.filter(({ code }) => code === "truncated").length, 2);
  const [attribution] = both.attributions;
  assert(attribution?.kind === "text");
  for (const { start, end, truncatedFrom } of attribution.fields) {
    assert(truncatedFrom !== undefined && truncatedFrom > start && truncatedFrom < end);
  }
  assert.equal(attribution.truncatedFrom, attribution.fields[1]?.truncatedFrom);
  const one = await service.explain(asked([piece(question), piece(long)]));
  const [cut] = one.attributions;
  assert(cut?.kind === "text");
  assert.deepEqual([cut.fields[0]?.truncatedFrom, typeof cut.fields[1]?.truncatedFrom], [undefined, "number"]);
});

test("a row without the column, and a third text, are refused by name", async () => {
  const fails = async (samples: ExplainRequest["samples"], code: string, found: RegExp) =>
    assert.rejects(service.explain(asked(samples)), (thrown: unknown) => {
      assert(thrown instanceof PathlightError);
      assert.equal(thrown.code, code);
      assert.match(`${thrown.message} ${thrown.details.expected} ${thrown.details.found}`, found);
      return true;
    });
  await fails(columnSamples(row(1), ["question", "context"]), "sample-column-missing", /context/);
  const piece = { sample: { kind: "text" as const, text: "one" } };
  await fails([piece, piece, piece], "usage", /more samples/);
  const typed = { kind: "text" as const, text: "a", row: { column: "a", fields: { a: "a" } } };
  assert.throws(() => columnSamples(typed, { left: "b" }), /column that the model reads/);
});

/** Two towers over the same words, multiplied: each text has an input of its own. */
async function twoTowers(): Promise<string> {
  const tower = (name: string): [layers.SymbolicTensor, layers.SymbolicTensor] => {
    const ids = layers.input({ shape: [5], name, dtype: "float32" });
    const embedded = layers.layers.embedding({ inputDim: 7, outputDim: 4 }).apply(ids);
    const pooled = layers.layers.globalAveragePooling1d({}).apply(embedded) as layers.SymbolicTensor;
    return [ids, layers.layers.dense({ units: 4, activation: "tanh" }).apply(pooled) as layers.SymbolicTensor];
  };
  const [a, left] = tower("left");
  const [b, right] = tower("right");
  const joined = layers.layers.multiply().apply([left, right]) as layers.SymbolicTensor;
  const output = layers.layers.dense({ units: 2, activation: "softmax" }).apply(joined) as layers.SymbolicTensor;
  return saveLayers(layers.model({ inputs: [a, b], outputs: output }));
}

test("a model with two inputs of text takes a column for each", async () => {
  const saved = await twoTowers();
  tf.disposeVariables();
  writeFileSync(join(saved, "vocab.txt"), "[PAD]\n[UNK]\nthe\ncat\nsat\non\nmat\n");
  const input = (name: string) => ({ kind: "text", name, tokenizer: { type: "words", vocabulary: "vocab.txt" } });
  const entry = modelSchema.parse({ name: "towers", path: "model.json", inputs: [input("left"), input("right")] });
  const data = write("towers.csv", "premise,hypothesis\nthe cat sat,on the mat\n");
  const samples = columnSamples({ kind: "file", path: data, row: 0 }, { right: "hypothesis", left: "premise" });
  const result = await service.explain({
    model: { path: join(saved, "model.json"), entry, baseFolder: saved },
    samples,
    settings: settingsSchema.parse({ backend: "cpu" }),
  });
  assert.deepEqual(
    result.attributions.map((attribution) =>
      attribution.kind === "text" ? [attribution.input, attribution.text, attribution.fields[0]?.name] : [],
    ),
    [
      ["left", "the cat sat", "premise"],
      ["right", "on the mat", "hypothesis"],
    ],
  );
  assert((result.completenessError.relative ?? 1) < 0.01);
});
