import assert from "node:assert/strict";
import test from "node:test";
import { foldersOfModels, modelKindOf, modelsAmong } from "../../../src/host/modelFiles.ts";

test("what a file may be stands in its name; weights alone are no model", () => {
  const kinds = {
    "/w/a.onnx": "onnx",
    "/w/a.KERAS": "keras",
    "/w/a.h5": "keras-h5",
    "/w/a.hdf5": "keras-h5",
    "/w/model.json": "tfjs",
    "/w/my-model-2.json": "tfjs",
    "/w/saved_model.pb": "saved-model",
    "/w/model.weights.h5": undefined,
    "/w/package.json": undefined,
    "/w/graph.pb": undefined,
    "/w/weights.bin": undefined,
  };
  for (const [file, kind] of Object.entries(kinds)) assert.equal(modelKindOf(file), kind, file);
});

test("a Hugging Face folder is one model, whatever variants lie in it", () => {
  const files = [
    "/w/bert/onnx/model.onnx",
    "/w/bert/onnx/model_quantized.onnx",
    "/w/bert/onnx/model_fp16.onnx",
    "/w/flat/model.onnx",
    "/w/quantised/model_q4.onnx",
    "/w/quantised/model_int8.onnx",
  ];
  const configurations = new Set(["/w/bert/config.json", "/w/flat/config.json", "/w/quantised/config.json"]);
  const found = modelsAmong(files, configurations);
  assert.deepEqual(
    found.map(({ label, file, huggingFace }) => [label, file, huggingFace]),
    [
      ["bert", "/w/bert/onnx/model.onnx", true],
      ["flat", "/w/flat/model.onnx", true],
      ["quantised", "/w/quantised/model_int8.onnx", true],
    ],
  );
  assert.equal(modelsAmong(files, new Set()).length, files.length);
});

test("an encoder and its decoders are one model, the file that reads; a decoder by itself is one too", () => {
  const files = [
    "/w/mt/decoder_model.onnx",
    "/w/mt/decoder_model_merged.onnx",
    "/w/mt/decoder_with_past_model.onnx",
    "/w/mt/encoder_model.onnx",
    "/w/gpt/onnx/decoder_model_merged.onnx",
    "/w/gpt/onnx/decoder_with_past_model.onnx",
    "/w/both/model.onnx",
    "/w/both/decoder_model.onnx",
  ];
  const configurations = new Set(["/w/mt/config.json", "/w/gpt/config.json", "/w/both/config.json"]);
  assert.deepEqual(
    modelsAmong(files, configurations).map(({ label, file, huggingFace }) => [label, file, huggingFace]),
    [
      ["both", "/w/both/model.onnx", true],
      ["gpt", "/w/gpt/onnx/decoder_model_merged.onnx", true],
      ["mt", "/w/mt/encoder_model.onnx", true],
    ],
  );
  assert.equal(modelsAmong(files, new Set()).length, files.length);
});

test("models have the name that says something: their own, or their folder's", () => {
  const found = modelsAmong(
    ["/w/digits/model.json", "/w/nets/resnet.onnx", "/w/saved/saved_model.pb", "/w/k/model.keras"],
    new Set(),
  );
  assert.deepEqual(
    found.map(({ label, kind }) => [label, kind]),
    [
      ["digits", "tfjs"],
      ["k", "keras"],
      ["resnet", "onnx"],
      ["saved", "saved-model"],
    ],
  );
});

test("folders that are one model: those of SavedModels and of files called model", () => {
  assert.deepEqual(
    foldersOfModels([
      "/w/bert/onnx/model.onnx",
      "/w/saved/saved_model.pb",
      "/w/digits/model.json",
      "/w/digits/model.onnx",
    ]),
    ["/w/bert", "/w/digits", "/w/saved"],
  );
});
