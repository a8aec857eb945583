import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import * as ort from "onnxruntime-node";
import { PathlightError } from "../../../src/common/errors.ts";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { type ExplainRequest, settingsSchema } from "../../../src/protocol/explain.ts";
import type { Explanation } from "../../../src/protocol/explanation.ts";
import { inputWords } from "../../../src/protocol/inspectionWords.ts";
import { modelSchema } from "../../../src/protocol/manifest.ts";
import {
  type DecoderFixture,
  decoderText,
  decoderWords,
  generated,
  unpackDecoder,
} from "../../support/decoderFixtures.ts";
import { onnxBytes } from "../models/onnx/support/onnxBytes.ts";
import { folder } from "../samples/support.ts";

const place = join(folder, "decoders");
mkdirSync(place, { recursive: true });
const folders = {
  gpt2: unpackDecoder("gpt2", place),
  "gpt2-plain": unpackDecoder("gpt2-plain", place),
  t5: unpackDecoder("t5", place),
};
const service = new ExplainService();
after(() => service.dispose());

const inputs = [
  { kind: "text", name: "input_ids", tokenizer: { type: "huggingface", file: "tokenizer.json" } },
] as const;
const continued = { kind: "decoder-only", end: "[END]", maxLength: 8 } as const;
const translated = {
  kind: "encoder-decoder",
  source: "input_ids",
  target: "input_ids",
  start: "[PAD]",
  end: "[END]",
  maxLength: 8,
  decoder: { path: "decoder_model_merged.onnx" },
} as const;

function request(name: DecoderFixture, entry: object, settings: object = {}): ExplainRequest {
  const path = name === "t5" ? "encoder_model.onnx" : "model.onnx";
  return {
    model: {
      path: join(folders[name], path),
      entry: modelSchema.parse({ name, path, inputs, ...entry }),
      baseFolder: folders[name],
    },
    samples: [{ sample: { kind: "text", text: decoderText(generated.gpt2.prompt) } }],
    settings: settingsSchema.parse({ tolerance: 0.01, ...settings }),
  };
}

const said = ({ warnings }: Explanation) => warnings.map(({ message }) => message).join("\n");

function values({ attributions: [attribution] }: Explanation): number[] {
  assert(attribution?.kind === "text");
  return [...attribution.values];
}

for (const [name, entry] of [
  ["gpt2", { generate: continued }],
  ["t5", { generate: translated }],
] as const) {
  test(`${name}: what is written is what the library's own generate writes, with its scores`, async () => {
    const result = await service.explain(request(name, entry));
    assert(result.produced !== undefined);
    assert.deepEqual(
      result.produced.tokens.map(({ id }) => id),
      generated[name].ids,
    );
    for (const [step, logit] of generated[name].logits.entries())
      assert.ok(Math.abs((result.predictions[step]?.logit ?? Number.NaN) - logit) <= 1e-5, `step ${step}`);
    assert.equal(result.produced.ended, generated[name].ids.at(-1) === 1);
    assert.match(said(result), /The cache past_key_values\.\* is empty: the whole text is read at once\./);
  });
}

test("with a cache a decoder is explained as without one, each token of what it writes", async () => {
  for (const index of [0, 4]) {
    const settings = { target: { kind: "index", index }, explainPrefix: true };
    const [cached, plain] = [
      await service.explain(request("gpt2", { generate: continued }, settings)),
      await service.explain(request("gpt2-plain", { generate: continued }, settings)),
    ];
    const scale = Math.max(...values(plain).map(Math.abs));
    assert.equal(values(cached).length, generated.gpt2.prompt.length + index);
    for (const [at, value] of values(plain).entries())
      assert.ok(Math.abs(value - (values(cached)[at] ?? Number.NaN)) <= 1e-5 * scale, `${index}, token ${at}`);
    assert.doesNotMatch(said(plain), /cache/);
  }
});

test("a decoder with a cache that is not told to write is explained by the token that comes next", async () => {
  const { prompt, ids, logits } = generated.gpt2;
  const result = await service.explain(request("gpt2", {}));
  assert.equal(result.target.position, prompt.length - 1);
  assert.deepEqual([result.target.index, result.target.label], [ids[0], decoderWords[ids[0] ?? 0]]);
  const predicted = result.predictions.find(({ index }) => index === ids[0]);
  assert.ok(Math.abs((predicted?.logit ?? Number.NaN) - (logits[0] ?? 0)) <= 1e-5);
  assert.match(said(result), /The cache past_key_values\.\* is empty/);
  assert.match(said(result), /attention_mask was filled in from the text: 1 for each token/);
  assert.match(said(result), /position_ids was filled in from the text: 0, 1, 2 and so on/);
  const first = await service.explain(request("gpt2", {}, { target: { kind: "predicted", position: 0 } }));
  assert.equal(first.target.position, 0);
});

test("a decoder with a cache is inspected by what it reads, and its empty cache is told", async () => {
  const {
    inputs: found,
    outputs,
    inferred,
    problem,
  } = await service.inspect({ path: join(folders.gpt2, "model.onnx") }, "auto");
  assert.equal(problem, null);
  const words = Object.fromEntries(found.map((input) => [input.id, inputWords(input, false)]));
  assert.deepEqual(words, {
    input_ids: "text, explained in the output of the embedding: 24 tokens, 16 values each",
    attention_mask: "held: it is filled in from the text",
    position_ids: "held: it is filled in from the text",
  });
  assert.deepEqual(
    outputs.map(({ id }) => id),
    ["logits"],
  );
  assert.ok(inferred?.notes.some((note) => /cache past_key_values\.\* is empty/.test(note)));
});

test("a cache that cannot be empty is refused by name", async () => {
  const file = "fixed.onnx";
  writeFileSync(
    join(folders.gpt2, file),
    onnxBytes(
      {
        inputs: [
          { name: "input_ids", type: "int64", shape: ["batch", "tokens"] },
          { name: "past_key_values.0.key", type: "float", shape: ["batch", 2, 4, 3] },
        ],
        outputs: [
          { name: "logits", type: "float" },
          { name: "present.0.key", type: "float" },
        ],
        nodes: [
          { op: "Gather", inputs: ["table", "input_ids"], outputs: ["logits"] },
          { op: "Neg", inputs: ["past_key_values.0.key"], outputs: ["present.0.key"] },
        ],
        constants: { table: { type: "float", shape: [24, 24], data: Array.from({ length: 576 }, (_, at) => at % 7) } },
      },
      17,
    ),
  );
  const { model, ...rest } = request("gpt2", { generate: continued });
  await assert.rejects(
    service.explain({ ...rest, model: { ...model, path: join(folders.gpt2, file) } }),
    (error) =>
      error instanceof PathlightError &&
      error.code === "model-unsupported-shape" &&
      /keys and values of earlier steps/.test(error.message) &&
      error.details.found === "the input past_key_values.0.key",
  );
});

for (const name of ["gpt2", "t5"] as const) {
  test(`${name}: how it writes is read off its folder in Hugging Face's layout`, async () => {
    const inspection = await service.inspect({ path: folders[name] }, "auto");
    const kind =
      name === "t5"
        ? { ...translated, decoder: { ...translated.decoder, states: "encoder_hidden_states" } }
        : { ...continued, source: "input_ids" };
    assert.equal(inspection.name, name);
    assert.deepEqual(inspection.inferred?.entry.generate, { ...kind, maxLength: 64 });
    const known = request(name, { generate: name === "t5" ? translated : continued });
    const result = await service.explain({ ...known, model: { path: folders[name] } });
    const { ids } = generated[name];
    assert(result.produced !== undefined);
    assert.deepEqual(
      result.produced.tokens.slice(0, ids.length).map(({ id }) => id),
      ids,
    );
    assert.deepEqual(values(result), values(await service.explain(known)));
    assert.match(said(result), /up to \[END\], or (by )?64 tokens, as config\.json says/);
  });
}

/** Greedy decoding by a plain loop over onnxruntime, with empty caches and every token read. */
async function greedy(prompt: readonly number[]): Promise<number[]> {
  const session = await ort.InferenceSession.create(join(folders.gpt2, "model.onnx"), { logSeverityLevel: 4 });
  const whole = (list: readonly number[]) =>
    new ort.Tensor("int64", BigInt64Array.from(list, BigInt), [1, list.length]);
  const caches = session.inputNames
    .filter((name) => name.startsWith("past"))
    .map((name) => [name, new ort.Tensor("float32", new Float32Array(0), [1, 4, 0, 4])] as const);
  const ids: number[] = [];
  while (ids.length < continued.maxLength && ids.at(-1) !== 1) {
    const fed = [...prompt, ...ids];
    const { logits } = await session.run({
      ...Object.fromEntries(caches),
      input_ids: whole(fed),
      attention_mask: whole(fed.map(() => 1)),
      position_ids: whole([...fed.keys()]),
    });
    assert(logits?.data instanceof Float32Array);
    const row = logits.data.slice((fed.length - 1) * decoderWords.length);
    ids.push(row.indexOf(Math.max(...row)));
  }
  await session.release();
  return ids;
}

test("a padding token that the model writes itself is read like any other", async () => {
  for (const prompt of [
    [3, 21],
    [4, 13],
  ]) {
    const ids = await greedy(prompt);
    assert.ok(ids.slice(0, -1).includes(0), "padding is written");
    const { model, settings } = request("gpt2", { generate: continued });
    const samples = [{ sample: { kind: "text", text: decoderText(prompt) } }] as const;
    const { produced } = await service.explain({ model, settings, samples: [...samples] });
    assert.deepEqual(
      produced?.tokens.map(({ id }) => id),
      ids,
    );
  }
});
