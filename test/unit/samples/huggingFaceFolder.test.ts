import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import {
  createTokenizer,
  inferManifestModel,
  prepareSample,
  readLabels,
  type UnknownModel,
} from "../../../src/samples/index.ts";
import { closeTo, folder, write } from "./support.ts";

const fixtures = fileURLToPath(new URL("../../fixtures/tokenizers", import.meta.url));

function textModel(where: string, file = "model.onnx"): UnknownModel {
  mkdirSync(join(folder, where, "onnx"), { recursive: true });
  const shape = [null, null];
  return {
    path: join(folder, where, file),
    name: where,
    format: "onnx",
    inputs: ["input_ids", "attention_mask", "token_type_ids"].map((id) => ({ id, shape, dtype: "int32" })),
    outputs: [{ id: "logits", shape: [null, 3], dtype: "float32" }],
    heads: [{ output: "logits", activation: "none" }],
    embeddings: [
      { input: "input_ids", vocabularySize: 800 },
      { input: "token_type_ids", vocabularySize: 2 },
    ],
  };
}

const config = (more: object = {}) =>
  JSON.stringify({
    model_type: "bert",
    id2label: { 0: "bad", 2: "good", 1: "so so" },
    max_position_embeddings: 64,
    ...more,
  });

test("a folder in Hugging Face's layout is one model with labels, tokenizer and inputs that follow from the text", async () => {
  const model = textModel("sentiment", "onnx/model.onnx");
  write("sentiment/config.json", config());
  copyFileSync(join(fixtures, "wordpiece", "tokenizer.json"), join(folder, "sentiment", "tokenizer.json"));
  write("sentiment/tokenizer_config.json", JSON.stringify({ model_max_length: 1e30, pad_token: "[PAD]" }));
  const { entry, baseFolder, notes } = await inferManifestModel(model);
  assert.equal(baseFolder, join(folder, "sentiment", "onnx"));
  assert.equal(entry.labels, "../config.json");
  assert.deepEqual(await readLabels(entry.labels, baseFolder), ["bad", "so so", "good"]);
  assert.deepEqual(entry.inputs, [
    {
      kind: "text",
      name: "input_ids",
      padSide: "right",
      tokenizer: { type: "huggingface", file: "../tokenizer.json", maxLength: 64 },
    },
    { kind: "tensor", name: "attention_mask", hold: true },
    { kind: "tensor", name: "token_type_ids", hold: true },
  ]);
  assert.match(
    notes.join("\n"),
    /tokens by \.\.\/tokenizer\.json[\s\S]*"attention_mask" follows from the text[\s\S]*config/,
  );
  const [input] = entry.inputs;
  assert(input?.kind === "text");
  const tokenizer = await createTokenizer(input.tokenizer, baseFolder, 800);
  assert.equal(tokenizer.encode("word ".repeat(500), null, "right").ids.length, 64);
});

test("placeholders are no labels; several labels at once and RoBERTa's positions are known", async () => {
  const model = textModel("plain");
  write(
    "plain/config.json",
    config({
      model_type: "roberta",
      id2label: { 0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2" },
      problem_type: "multi_label_classification",
    }),
  );
  copyFileSync(join(fixtures, "bpe", "tokenizer.json"), join(folder, "plain", "tokenizer.json"));
  const { entry } = await inferManifestModel(model);
  assert.deepEqual([entry.labels, entry.task], [undefined, "multi-label"]);
  const [input] = entry.inputs;
  assert.equal(input?.kind === "text" && input.tokenizer.type === "huggingface" && input.tokenizer.maxLength, 62);
});

test("a vocabulary alone makes the same tokens, and lower case is as the configuration says", async () => {
  const model = textModel("vocabulary");
  write("vocabulary/config.json", config());
  const json: unknown = JSON.parse(readFileSync(join(fixtures, "wordpiece", "tokenizer.json"), "utf8"));
  const { vocab } = (json as { model: { vocab: Record<string, number> } }).model;
  const tokens = Object.entries(vocab).toSorted((a, b) => a[1] - b[1]);
  write("vocabulary/vocab.txt", `${tokens.map(([token]) => token).join("\n")}\n`);
  const { entry, baseFolder } = await inferManifestModel(model);
  const [input] = entry.inputs;
  assert(input?.kind === "text");
  const own = await createTokenizer(input.tokenizer, baseFolder);
  const trained = await createTokenizer({ type: "huggingface", file: "tokenizer.json" }, join(fixtures, "wordpiece"));
  const corpus = readFileSync(join(fixtures, "corpus.txt"), "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
  for (const line of corpus) {
    assert.deepEqual([...own.encode(line, null, "right").ids], [...trained.encode(line, null, "right").ids], line);
  }
  write("vocabulary/tokenizer_config.json", JSON.stringify({ do_lower_case: false }));
  const cased = await createTokenizer(input.tokenizer, baseFolder);
  const lower = [...cased.encode("the fox", null, "right").ids];
  assert.deepEqual(lower, [...own.encode("the fox", null, "right").ids]);
  assert.notDeepEqual([...cased.encode("The fox", null, "right").ids], lower);
});

test("the image processor's size, cut, scale, mean and deviation", async () => {
  mkdirSync(join(folder, "vision"), { recursive: true });
  const model: UnknownModel = {
    path: join(folder, "vision", "model.onnx"),
    name: "vision",
    format: "onnx",
    inputs: [{ id: "pixel_values", shape: [null, 3, 8, 8], dtype: "float32" }],
    outputs: [{ id: "logits", shape: [null, 2], dtype: "float32" }],
    heads: [{ output: "logits", activation: "none" }],
    embeddings: [],
  };
  write("vision/config.json", JSON.stringify({ model_type: "vit", id2label: { 0: "cat", 1: "dog" } }));
  write(
    "vision/preprocessor_config.json",
    JSON.stringify({
      do_resize: true,
      size: { shortest_edge: 16 },
      do_center_crop: true,
      crop_size: { height: 8, width: 8 },
      do_rescale: true,
      rescale_factor: 0.00392156862745098,
      do_normalize: true,
      image_mean: [0.5, 0.25, 0.5],
      image_std: [0.5, 0.5, 0.5],
    }),
  );
  const { entry } = await inferManifestModel(model);
  const [input] = entry.inputs;
  assert.deepEqual(input, {
    kind: "image",
    fit: "crop",
    padValue: 0,
    scale: [0, 1],
    cropFraction: 0.5,
    mean: [0.5, 0.25, 0.5],
    std: 0.5,
  });
  // 16 × 32 pixels at the processor's own size: the cut is the 8 × 8 in the middle, untouched.
  const pixels = new Uint8Array(16 * 32 * 3);
  for (let at = 0; at < pixels.length; at++) pixels[at] = (at * 7) % 256;
  const png = await sharp(pixels, { raw: { width: 32, height: 16, channels: 3 } })
    .png()
    .toBuffer();
  assert(input !== undefined);
  const path = write("vision/picture.png", new Uint8Array(png));
  const context = { inputShape: [3, 8, 8], integer: false };
  const { tensor } = await prepareSample({ kind: "file", path }, input, context);
  const expected: number[] = [];
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < 8; y++) {
      for (let x = 0; x < 8; x++) {
        const value = (pixels[((y + 4) * 32 + x + 12) * 3 + channel] ?? 0) / 255;
        expected.push((value - (channel === 1 ? 0.25 : 0.5)) / 0.5);
      }
    }
  }
  closeTo(tensor.data, expected, 1e-5);
});

test("a configuration of something else, or a broken one, is no such layout", async () => {
  const model = textModel("other");
  write("other/config.json", JSON.stringify({ port: 8080 }));
  write("other/vocab.txt", "[PAD]\n[UNK]\nhello\n");
  const { entry } = await inferManifestModel(model);
  assert.equal(entry.inputs[0]?.kind === "text" && entry.inputs[0].tokenizer.type, "words");
  write("other/config.json", "{");
  assert.equal((await inferManifestModel(model)).entry.labels, undefined);
});
