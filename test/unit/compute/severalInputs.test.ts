import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../../src/common/errors.ts";
import { companionsOf } from "../../../src/compute/companions.ts";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { companionOf } from "../../../src/protocol/companionRole.ts";
import { type ExplainRequest, settingsSchema } from "../../../src/protocol/explain.ts";
import { modelSchema } from "../../../src/protocol/manifest.ts";
import { npyBytes } from "../../../src/samples/index.ts";
import "../engine/cpuBackend.ts";
import { saveLayers } from "../models/savedLayers.ts";

const LENGTH = 6;
const words = ["[PAD]", "[UNK]", "the", "cat", "sat", "on", "mat"];

/** A small transformer's inputs: ids, mask, types and positions, the last two with embeddings of their own; and a number. */
function transformerLike(): layers.LayersModel {
  const input = (name: string) => layers.input({ shape: [LENGTH], name, dtype: "float32" });
  const [mask, ids, types, positions] = ["attention_mask", "input_ids", "token_type_ids", "position_ids"].map(input);
  const scale = layers.input({ shape: [1], name: "scale" });
  assert(mask && ids && types && positions);
  const embed = (rows: number) => layers.layers.embedding({ inputDim: rows, outputDim: 3 });
  const all = layers.layers
    .add()
    .apply([
      embed(words.length).apply(ids) as layers.SymbolicTensor,
      embed(2).apply(types) as layers.SymbolicTensor,
      embed(LENGTH).apply(positions) as layers.SymbolicTensor,
    ]) as layers.SymbolicTensor;
  const column = layers.layers.reshape({ targetShape: [LENGTH, 1] }).apply(mask) as layers.SymbolicTensor;
  const masked = layers.layers.multiply().apply([all, column]) as layers.SymbolicTensor;
  const flat = layers.layers.flatten().apply(masked) as layers.SymbolicTensor;
  const joined = layers.layers.concatenate().apply([flat, scale]) as layers.SymbolicTensor;
  const hidden = layers.layers.dense({ units: 5, activation: "tanh" }).apply(joined) as layers.SymbolicTensor;
  const output = layers.layers.dense({ units: 3, activation: "softmax" }).apply(hidden) as layers.SymbolicTensor;
  return layers.model({ inputs: [mask, ids, types, positions, scale], outputs: output });
}

const model = transformerLike();
const folder = await saveLayers(model);
writeFileSync(join(folder, "vocab.txt"), `${words.join("\n")}\n`);
const service = new ExplainService();
after(() => service.dispose());

function npy(name: string, values: readonly number[], shape: readonly number[] = [values.length]): string {
  const path = join(folder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, npyBytes(shape, Float32Array.from(values)));
  return path;
}

const entry = modelSchema.parse({
  name: "transformer",
  path: "model.json",
  inputs: [
    { kind: "text", tokenizer: { type: "words", vocabulary: "vocab.txt" } },
    { kind: "tensor", name: "scale", hold: true },
  ],
});

function request(samples: ExplainRequest["samples"], settings: object = {}): ExplainRequest {
  return {
    model: { path: join(folder, "model.json"), entry, baseFolder: folder },
    samples,
    settings: settingsSchema.parse({ backend: "cpu", tolerance: 0.01, ...settings }),
  };
}

const text = { sample: { kind: "text" as const, text: "the cat sat" } };
const file = (input: string, path: string) => ({ input, sample: { kind: "file" as const, path } });
const scale = file("scale", npy("scale.npy", [0.7]));

function predicted(ids: number[], mask: number[], types: number[], positions: number[], number: number): number[] {
  return tf.tidy(() => {
    const inputs = [mask, ids, types, positions, [number]].map((row) => tf.tensor([row]));
    const output = model.predict(inputs);
    assert(output instanceof tf.Tensor);
    return [...output.dataSync()];
  });
}

test("mask, types and positions follow from the text, are held, and padding gets nothing", async () => {
  const result = await service.explain(request([text, scale]));
  const expected = predicted([2, 3, 4, 0, 0, 0], [1, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 1, 2, 3, 4, 5], 0.7);
  for (const [index, { score }] of result.predictions.entries())
    assert(Math.abs(score - (expected[index] ?? 9)) < 1e-5);
  assert.deepEqual(
    result.attributions.map(({ input, kind }) => [input, kind]),
    [["input_ids", "text"]],
  );
  const [attribution] = result.attributions;
  assert.deepEqual([...(attribution?.values.subarray(3) ?? [])], [0, 0, 0]);
  assert(attribution?.values.subarray(0, 3).every((value) => value !== 0));
  assert.equal(result.status, "converged");
  const held = result.warnings.filter(({ code }) => code === "held-input").map(({ message }) => message);
  assert.equal(held.length, 4);
  assert.match(held.join("\n"), /attention_mask was filled in.*1 for each token, 0 for padding/);
  assert.match(held.join("\n"), /token_type_ids was filled in.*0 everywhere/);
  assert.match(held.join("\n"), /position_ids was filled in/);
  assert.match(held.join("\n"), /scale is held at its value/);
});

test("what is given goes before what follows from the text; masked positions have no attribution", async () => {
  const mask = file("attention_mask", npy("mask.npy", [1, 0, 1, 0, 0, 0], [1, LENGTH]));
  const types = file("token_type_ids", npy("types.npy", [1, 1, 0, 0, 0, 0]));
  const result = await service.explain(
    request([text, scale, mask, types], { baseline: { kind: "name", name: "pad" } }),
  );
  const expected = predicted([2, 3, 4, 0, 0, 0], [1, 0, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0], [0, 1, 2, 3, 4, 5], 0.7);
  for (const [index, { score }] of result.predictions.entries())
    assert(Math.abs(score - (expected[index] ?? 9)) < 1e-5);
  const [attribution] = result.attributions;
  assert.equal(attribution?.values[1], 0);
  assert.notEqual(attribution?.values[0], 0);
  assert.equal(result.attributions.length, 1);
});

test("files for all inputs go in order, as before", async () => {
  const files = [
    npy("m.npy", [1, 1, 0, 0, 0, 0]),
    npy("i.npy", [2, 6, 0, 0, 0, 0]),
    npy("t.npy", [0, 0, 0, 0, 0, 0]),
    npy("p.npy", [0, 1, 2, 3, 4, 5]),
    npy("s.npy", [0.1], []),
  ].map((path) => ({ sample: { kind: "file" as const, path } }));
  const [result] = [await service.explain(request(files))];
  const expected = predicted([2, 6, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 1, 2, 3, 4, 5], 0.1);
  for (const [index, { score }] of result.predictions.entries())
    assert(Math.abs(score - (expected[index] ?? 9)) < 1e-5);
  assert.deepEqual([...(result.attributions[0]?.values.subarray(2) ?? [])], [0, 0, 0, 0]);
});

test("an input that nothing says anything of is asked for by its name", async () => {
  await assert.rejects(service.explain(request([text])), (error: unknown) => {
    assert(error instanceof PathlightError);
    assert.equal(error.code, "usage");
    assert.match(error.message, /scale/);
    return true;
  });
});

test("companions are known by the names that exporters give, beside token ids only", () => {
  const shape = [null, null];
  const named = (...ids: string[]) => ids.map((id) => ({ id, shape }));
  const roles = (...ids: string[]) => [...companionsOf(named("input_ids", ...ids), [{ input: "input_ids" }])];
  assert.deepEqual(roles("attention_mask", "token_type_ids", "position_ids"), [
    ["attention_mask", "mask"],
    ["token_type_ids", "types"],
    ["position_ids", "positions"],
  ]);
  assert.deepEqual(roles("input_mask:0", "segment_ids:0"), [
    ["input_mask:0", "mask"],
    ["segment_ids:0", "types"],
  ]);
  assert.deepEqual(roles("attention_mask_b"), [["attention_mask_b", "mask"]]);
  assert.deepEqual(roles("decoder_attention_mask", "sr", "h0"), []);
  assert.deepEqual([...companionsOf(named("attention_mask"), [])], []);
});

test("what stands beside token ids is about the text whose name ends alike, or about none", () => {
  const pair = ["input_ids_a", "input_ids_b"];
  assert.equal(companionOf("attention_mask_b", pair), "input_ids_b");
  assert.equal(companionOf("attention_mask", pair), null);
  assert.equal(companionOf("attention_mask", ["premise", "hypothesis"]), null);
  assert.equal(companionOf("attention_mask", ["anything"]), "anything");
  assert.equal(companionOf("attention_mask", ["decoder_input_ids", "input_ids"]), "input_ids");
  assert.equal(companionOf("attention_mask_1", ["input_ids", "input_ids_1"]), "input_ids_1");
  assert.equal(companionOf("attention_mask", ["input_ids", "input_ids_1"]), "input_ids");
});

test("each of two texts has a mask of its own", async () => {
  const inputs = ["input_ids_a", "attention_mask_a", "input_ids_b", "attention_mask_b"].map((name) =>
    layers.input({ shape: [LENGTH], name, dtype: "float32" }),
  );
  const [idsA, maskA, idsB, maskB] = inputs;
  assert(idsA && maskA && idsB && maskB);
  const tower = (ids: layers.SymbolicTensor, mask: layers.SymbolicTensor) => {
    const embedded = layers.layers.embedding({ inputDim: words.length, outputDim: 3 }).apply(ids);
    const column = layers.layers.reshape({ targetShape: [LENGTH, 1] }).apply(mask);
    const masked = layers.layers.multiply().apply([embedded, column] as layers.SymbolicTensor[]);
    return layers.layers.flatten().apply(masked) as layers.SymbolicTensor;
  };
  const joined = layers.layers.concatenate().apply([tower(idsA, maskA), tower(idsB, maskB)]);
  const hidden = layers.layers.dense({ units: 4, activation: "tanh" }).apply(joined);
  const output = layers.layers.dense({ units: 2 }).apply(hidden) as layers.SymbolicTensor;
  const towers = layers.model({ inputs, outputs: output });
  const place = await saveLayers(towers);
  writeFileSync(join(place, "vocab.txt"), `${words.join("\n")}\n`);
  const tokenizer = { type: "words", vocabulary: "vocab.txt" };
  const described = modelSchema.parse({
    name: "towers",
    path: "model.json",
    inputs: ["input_ids_a", "input_ids_b"].map((name) => ({ kind: "text", name, tokenizer })),
  });
  const result = await service.explain({
    model: { path: join(place, "model.json"), entry: described, baseFolder: place },
    samples: [
      { input: "input_ids_a", sample: { kind: "text", text: "the cat sat on" } },
      { input: "input_ids_b", sample: { kind: "text", text: "mat" } },
    ],
    settings: settingsSchema.parse({ backend: "cpu", tolerance: 0.01, baseline: { kind: "name", name: "unknown" } }),
  });
  const rows = [
    [2, 3, 4, 5, 0, 0],
    [1, 1, 1, 1, 0, 0],
    [6, 0, 0, 0, 0, 0],
    [1, 0, 0, 0, 0, 0],
  ];
  const expected = tf.tidy(() => {
    const out = towers.predict(rows.map((row) => tf.tensor([row])));
    assert(out instanceof tf.Tensor);
    return [...out.dataSync()];
  });
  towers.dispose();
  for (const [index, { logit }] of result.predictions.entries()) {
    assert(Math.abs(logit - (expected[index] ?? 9)) < 1e-5, `${logit} for ${expected[index]}`);
  }
  assert.deepEqual(
    result.attributions.map(({ input, values }) => [input, [...values].map((value) => value !== 0)]),
    [
      ["input_ids_a", [true, true, true, true, false, false]],
      ["input_ids_b", [true, false, false, false, false, false]],
    ],
  );
});
