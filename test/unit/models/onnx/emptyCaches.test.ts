import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { DifferentiableModel } from "../../../../src/engine/port.ts";
import { loadModel } from "../../../../src/models/loadModel.ts";
import { decoderWords, unpackDecoder } from "../../../support/decoderFixtures.ts";
import { folder } from "../../samples/support.ts";
import { usableBackends, useBackend } from "../backends.ts";
import { assertGradient } from "../finiteDifferences.ts";
import { onnxBytes } from "./support/onnxBytes.ts";

const place = join(folder, "caches");
mkdirSync(place, { recursive: true });
const gpt2 = join(unpackDecoder("gpt2", place), "model.onnx");
const t5 = join(unpackDecoder("t5", place), "decoder_model_merged.onnx");
const [rows, positions, width, heads] = [2, 7, 16, 4];
const idsOf = (count: number) =>
  Int32Array.from({ length: count * positions }, (_, at) => (7 * at + 3) % decoderWords.length);

/** The feeds of both sides for so many rows: what the port asks for, and what the file does, its caches empty. */
async function feedsOf(file: string, count: number) {
  const session = await InferenceSession.create(file, { logSeverityLevel: 4 });
  const integers: Readonly<Record<string, Int32Array>> = {
    input_ids: idsOf(count),
    attention_mask: new Int32Array(count * positions).fill(1),
    encoder_attention_mask: new Int32Array(count * positions).fill(1),
    position_ids: Int32Array.from({ length: count * positions }, (_, at) => at % positions),
  };
  const states = Float32Array.from({ length: count * positions * width }, (_, at) => Math.sin(at));
  const tensors = new Map<string, tf.Tensor>();
  const ort: Record<string, Tensor> = {};
  for (const name of session.inputNames) {
    const values = integers[name];
    if (values !== undefined) {
      tensors.set(name, tf.tensor(values, [count, positions], "int32"));
      ort[name] = new Tensor("int64", BigInt64Array.from(values, BigInt), [count, positions]);
    } else if (name === "encoder_hidden_states") {
      tensors.set(name, tf.tensor(states, [count, positions, width]));
      ort[name] = new Tensor("float32", states, [count, positions, width]);
    } else if (name === "use_cache_branch") ort[name] = new Tensor("bool", [0], [1]);
    else ort[name] = new Tensor("float32", new Float32Array(0), [count, heads, 0, width / heads]);
  }
  const { logits } = await session.run(ort);
  await session.release();
  assert(logits?.data instanceof Float32Array);
  return { tensors, expected: logits.data, shape: [...logits.dims] };
}

function worst(model: DifferentiableModel, { tensors, expected, shape }: Awaited<ReturnType<typeof feedsOf>>): number {
  const [logits] = model.evaluate(tensors, ["logits"]);
  assert.deepEqual(logits?.shape, shape);
  const values = Array.from(logits?.dataSync() ?? []);
  tf.dispose([logits ?? [], ...tensors.values()]);
  return expected.reduce((most, value, at) => Math.max(most, Math.abs(value - (values[at] ?? Number.NaN))), 0);
}

for (const backend of await usableBackends()) {
  for (const [name, file, inputs] of [
    ["a decoder with a cache", gpt2, ["input_ids", "attention_mask", "position_ids"]],
    ["a merged decoder", t5, ["encoder_attention_mask", "input_ids", "encoder_hidden_states"]],
  ] as const) {
    test(`${backend}: ${name} with its caches empty is as in onnxruntime, in a batch and alone`, async () => {
      await useBackend(backend);
      const before = tf.memory().numTensors;
      const { model, emptyCaches = [] } = await loadModel(file);
      assert.deepEqual(model.inputs.map(({ id }) => id).sort(), [...inputs].sort());
      assert.deepEqual(
        model.outputs.map(({ id }) => id),
        ["logits"],
      );
      assert.equal(emptyCaches.length, file === gpt2 ? 4 : 8);
      for (const count of [1, rows, 1]) {
        const off = worst(model, await feedsOf(file, count));
        assert.ok(off <= 1e-5, `${count} rows: off by ${off}`);
      }
      model.dispose();
      assert.equal(tf.memory().numTensors, before, "no tensor is left");
    });
  }

  test(`${backend}: differences confirm the gradient past an empty cache`, async () => {
    await useBackend(backend);
    const { model } = await loadModel(gpt2);
    const { tensors } = await feedsOf(gpt2, 1);
    const node = model.embeddings.find(({ input }) => input === "input_ids")?.node ?? "";
    const [x] = model.evaluate(tensors, [node]);
    assert(x);
    assertGradient((at) => model.evaluate(new Map([...tensors, [node, at]]), ["logits"])[0] ?? at, x, {
      step: 1e-3,
      directions: 3,
    });
    tf.dispose([x, ...tensors.values()]);
    model.dispose();
  });
}

type Side = number | string;

/** Keys of `past` before those of `x`, [batch, 2, tokens, 3]: what a decoder does with its cache. */
async function inputsWith(name: string, shape: readonly Side[], type: "float" | "int64" = "float"): Promise<string[]> {
  const file = join(place, "rule.onnx");
  const x = { name: "x", type, shape: ["batch", 2, "tokens", 3] };
  writeFileSync(
    file,
    onnxBytes(
      {
        inputs: [x, { name, type, shape: [...shape] }],
        outputs: [
          { name: "present.0.key", type, shape: [] },
          { name: "y", type, shape: [] },
        ],
        nodes: [
          { op: "Concat", inputs: [name, "x"], outputs: ["present.0.key"], attributes: { axis: 2 } },
          { op: "Neg", inputs: ["present.0.key"], outputs: ["y"] },
        ],
      },
      17,
    ),
  );
  const { model } = await loadModel(file);
  const found = model.inputs.map(({ id }) => id);
  model.dispose();
  return found;
}

test("what is a cache by its name and its one free side of tokens is held empty; anything else stays an input", async () => {
  await useBackend("cpu");
  const free: readonly Side[] = ["batch", 2, "past", 3];
  for (const name of ["past_key_values.0.key", "past_key_values.11.decoder.value", "past_key_values_3_key", "past_0"])
    assert.deepEqual(await inputsWith(name, free), ["x"], name);
  assert.deepEqual(await inputsWith("past_key_values.0.key", [1, 2, "past", 3]), ["x"], "a batch of one");
  const others: readonly (readonly [string, readonly Side[]])[] = [
    ["past_key_values.0.key", ["batch", 2, 4, 3]],
    ["past_key_values.0.key", ["batch", "heads", "past", 3]],
    ["past_key_values.0.key", ["batch_size x num_heads", 2, "past", 3]],
    ["past_key_values.0.encoder.key", free],
    ["past_values", free],
    ["past_7_days", free],
    ["past_7", ["batch", "past", 3]],
    ["history.0.key", free],
  ];
  for (const [name, shape] of others) assert.deepEqual(await inputsWith(name, shape), ["x", name], `${name} ${shape}`);
  assert.deepEqual(await inputsWith("past_key_values.0.key", free, "int64"), ["x", "past_key_values.0.key"]);
});
