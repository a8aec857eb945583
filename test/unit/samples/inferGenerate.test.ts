import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { beforeEach } from "node:test";
import { inferManifestModel } from "../../../src/samples/index.ts";
import { decoderWords, unpackDecoder } from "../../support/decoderFixtures.ts";
import { folder } from "./support.ts";

const place = unpackDecoder("t5", join(folder, "infer-generate"));
const size = decoderWords.length;
const causal = { model_type: "gpt2", architectures: ["GPT2LMHeadModel"], eos_token_id: 1 };
const both = {
  model_type: "t5",
  architectures: ["T5ForConditionalGeneration"],
  is_encoder_decoder: true,
  eos_token_id: 1,
  decoder_start_token_id: 0,
};

/** What is inferred where these are the configurations and these the decoders beside the encoder. */
async function inferred(
  file: string,
  config: object,
  generation: object | null,
  last = size,
  decoders: readonly string[] = [],
) {
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, "config.json"), JSON.stringify(config));
  if (generation !== null) writeFileSync(join(place, "generation_config.json"), JSON.stringify(generation));
  for (const decoder of decoders) writeFileSync(join(place, decoder), "");
  const { entry, notes } = await inferManifestModel({
    path: join(place, file),
    name: "model",
    format: "onnx",
    inputs: [{ id: "input_ids", shape: [null, null], dtype: "int32" }],
    outputs: [{ id: "y", shape: [null, null, last], dtype: "float32" }],
    heads: [{ output: "y", activation: "none" }],
    embeddings: [{ input: "input_ids", vocabularySize: size }],
  });
  return { generate: entry.generate, said: notes.join("\n") };
}

beforeEach(() => {
  for (const name of ["generation_config.json", "decoder_model.onnx", "decoder_model_merged.onnx"])
    rmSync(join(place, name), { force: true });
});

test("generation_config.json goes before config.json; what the library would do otherwise is told", async () => {
  const { generate, said } = await inferred("model.onnx", causal, {
    eos_token_id: 5,
    max_new_tokens: 20,
    num_beams: 4,
    do_sample: true,
  });
  assert.deepEqual(generate, { kind: "decoder-only", source: "input_ids", end: decoderWords[5], maxLength: 20 });
  assert.match(said, /asks for do_sample, num_beams, which is not followed/);
  assert.equal(
    (await inferred("model.onnx", causal, { eos_token_id: null, max_new_tokens: 4000 })).generate?.maxLength,
    64,
  );
});

test("of two decoders, the one without a cache is taken", async () => {
  const files = ["decoder_model_merged.onnx", "decoder_model.onnx"];
  const { generate } = await inferred("encoder_model.onnx", both, null, 16, files);
  assert.deepEqual(generate, {
    ...{
      kind: "encoder-decoder",
      source: "input_ids",
      target: "input_ids",
      start: "[PAD]",
      end: "[END]",
      maxLength: 64,
    },
    decoder: { path: "decoder_model.onnx", states: "encoder_hidden_states" },
  });
});

test("what the files leave open is named, and nothing is guessed", async () => {
  const decoders = ["decoder_model.onnx"];
  const cases: readonly [RegExp, Parameters<typeof inferred>][] = [
    [/several end tokens \(eos_token_id: 1, 5\)/, ["model.onnx", { ...causal, eos_token_id: [1, 5] }, null]],
    [/has no eos_token_id/, ["model.onnx", { ...causal, eos_token_id: null }, null]],
    [/has no token 50256, its eos_token_id/, ["model.onnx", causal, { eos_token_id: 50_256 }]],
    [
      /has no decoder_start_token_id/,
      ["encoder_model.onnx", { ...both, decoder_start_token_id: null }, null, 16, decoders],
    ],
    [/imposes tokens \(forced_bos_token_id\)/, ["encoder_model.onnx", both, { forced_bos_token_id: 4 }, 16, decoders]],
    [/decoder_model\.onnx is the decoder alone; choose encoder_model\.onnx/, ["decoder_model.onnx", both, null]],
    [/encoder and decoder are not two files/, ["model.onnx", both, null]],
    [
      /no decoder_model\.onnx or decoder_model_merged\.onnx beside encoder_model\.onnx/,
      ["encoder_model.onnx", both, null, 16],
    ],
  ];
  for (const [pattern, given] of cases) {
    for (const name of ["generation_config.json", "decoder_model.onnx", "decoder_model_merged.onnx"])
      rmSync(join(place, name), { force: true });
    const { generate, said } = await inferred(...given);
    assert.equal(generate, undefined);
    assert.match(said, pattern);
    assert.match(said, /Describe `generate` in pathlight\.json/);
  }
  for (const [config, last] of [
    [{ ...causal, architectures: ["GPT2ForSequenceClassification"] }, size],
    [causal, 16],
  ] as const) {
    const { generate, said } = await inferred("model.onnx", config, null, last);
    assert.equal(generate, undefined);
    assert.doesNotMatch(said, /writes texts/);
  }
});
