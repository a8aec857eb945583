import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { seededRandom } from "../../../../src/common/random.ts";
import type { DifferentiableModel, NodeId } from "../../../../src/engine/port.ts";
import { loadModel } from "../../../../src/models/loadModel.ts";
import { readNpy } from "../../../../src/samples/index.ts";
import { usableBackends, useBackend } from "../backends.ts";
import { assertGradient } from "../finiteDifferences.ts";

/** Models from both exporters of PyTorch; scripts/fixtures/onnx_models.py writes them. */
const folder = fileURLToPath(new URL("../../../fixtures/onnx/", import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith(".onnx"));

const rows = 2;

/** Sizes that the models leave free. */
const lengths: Readonly<Record<string, number>> = { bert: 9, recurrent: 9, audio: 512 };

interface Feeds {
  readonly tensors: Map<NodeId, tf.Tensor>;
  readonly ort: Record<string, Tensor>;
}

/** The same made-up samples for both sides. */
function feedsFor(model: DifferentiableModel, name: string): Feeds {
  const random = seededRandom(7);
  const tensors = new Map<NodeId, tf.Tensor>();
  const ort: Record<string, Tensor> = {};
  for (const { id, shape, dtype } of model.inputs) {
    const sides = [rows, ...shape.slice(1).map((side) => side ?? lengths[name.split("-")[0] ?? ""] ?? 8)];
    const size = sides.reduce((product, side) => product * side, 1);
    if (dtype === "float32") {
      const values = Float32Array.from({ length: size }, () => 2 * random() - 1);
      tensors.set(id, tf.tensor(values, sides));
      ort[id] = new Tensor("float32", values, sides);
      continue;
    }
    const vocabulary = model.embeddings.find(({ input }) => input === id)?.vocabularySize;
    const values = Int32Array.from({ length: size }, (_, i) => integer(id, i, vocabulary, random));
    tensors.set(id, tf.tensor(values, sides, "int32"));
    // A number without a batch axis is the same for every row.
    const scalar = shape.length === 1;
    ort[id] = new Tensor(
      "int64",
      BigInt64Array.from(scalar ? values.slice(0, 1) : values, BigInt),
      scalar ? [] : sides,
    );
  }
  return { tensors, ort };
}

function integer(id: NodeId, place: number, vocabulary: number | undefined, random: () => number): number {
  if (id === "rate") return 16_000;
  if (id === "attention_mask") return place % 9 === 8 ? 0 : 1;
  return vocabulary === undefined ? 0 : Math.floor(random() * vocabulary);
}

const backends = await usableBackends();

for (const file of files) {
  const session = await InferenceSession.create(join(folder, file), { logSeverityLevel: 4 });
  for (const backend of backends) {
    test(`${backend}: ${file}: as onnxruntime, in a batch and row by row`, async () => {
      await useBackend(backend);
      const before = tf.memory().numTensors;
      const { model } = await loadModel(join(folder, file));
      const { tensors, ort } = feedsFor(model, file);
      const output = model.outputs[0]?.id ?? "";
      const expected = (await session.run(ort))[output];
      assert.ok(expected, `onnxruntime gives ${output}`);
      const reference = Array.from(expected.data as Float32Array);
      const scale = Math.max(...reference.map(Math.abs));
      const [together] = model.evaluate(tensors, [output]);
      assert.deepEqual(together?.shape, [...expected.dims]);
      const single = Array.from({ length: rows }, (_, row) => {
        const feeds = new Map([...tensors].map(([id, tensor]) => [id, tf.slice(tensor, [row], [1])]));
        const [value] = model.evaluate(feeds, [output]);
        const values = Array.from(value?.dataSync() ?? []);
        tf.dispose([value ?? [], ...feeds.values()]);
        return values;
      }).flat();
      for (const values of [Array.from(together?.dataSync() ?? []), single]) {
        const worst = Math.max(...reference.map((value, i) => Math.abs(value - (values[i] ?? Number.NaN))));
        assert.ok(worst <= 1e-4 * scale, `off by ${worst} of ${scale}`);
      }
      tf.dispose([together ?? [], ...tensors.values()]);
      model.dispose();
      assert.equal(tf.memory().numTensors, before, "no tensor is left");
    });

    const exact = join(folder, file.replace(/-(script|dynamo)\.onnx$/, ".gradient.npy"));
    if (existsSync(exact)) {
      test(`${backend}: ${file}: the gradient is PyTorch's in float64`, async () => {
        await useBackend(backend);
        const { model } = await loadModel(join(folder, file));
        const sample = await readNpy(exact.replace(".gradient.", ".x."));
        const expected = await readNpy(exact);
        const [input, output] = [model.inputs[0]?.id ?? "", model.outputs[0]?.id ?? ""];
        const gradient = tf.tidy(() => {
          const score = (x: tf.Tensor) => {
            const y = tf.reshape(model.evaluate(new Map([[input, x]]), [output])[0] ?? x, [-1]);
            return tf.sum(tf.mul(y, tf.cos(tf.range(0, y.size)))).asScalar();
          };
          return Array.from(
            tf
              .grad(score)(tf.tensor(sample.data, [...sample.shape]))
              .dataSync(),
          );
        });
        const off = gradient.reduce((sum, value, i) => sum + Math.abs(value - (expected.data[i] ?? Number.NaN)), 0);
        const size = Array.from(expected.data).reduce((sum, value) => sum + Math.abs(value), 0);
        assert.ok(off <= 1e-4 * size, `off by ${off} of ${size}`);
        model.dispose();
      });
      continue;
    }
    test(`${backend}: ${file}: differences confirm the gradient`, async () => {
      await useBackend(backend);
      const { model } = await loadModel(join(folder, file));
      const { tensors } = feedsFor(model, file);
      const [head] = model.heads;
      const [embedding] = model.embeddings;
      const node = embedding?.node ?? model.inputs.find(({ dtype }) => dtype === "float32")?.id ?? "";
      const x = model.evaluate(tensors, [node])[0];
      assert.ok(head && x);
      const count = tf.memory().numTensors;
      assertGradient(
        (at) => {
          const [value] = model.evaluate(new Map([...tensors, [node, at]]), [head.logit]);
          assert.ok(value);
          return value;
        },
        x,
        { step: 1e-3, directions: 3 },
      );
      assert.ok(tf.memory().numTensors - count < 60, "what is kept are the values that follow from shapes");
      tf.dispose([x, ...tensors.values()]);
      model.dispose();
    });
  }
}

test("the embedding of every text model is found, looked up or as a product with one-hot ids", async () => {
  await useBackend("cpu");
  const found: Record<string, readonly string[]> = {};
  for (const file of [
    ...files.map((name) => join(folder, name)),
    join(folder, "../../../samples/models/file-type/model.onnx"),
  ]) {
    const { model } = await loadModel(file);
    if (model.embeddings.length > 0) {
      found[basename(file)] = model.embeddings.map(
        ({ input, vocabularySize, dimensions }) => `${input}: ${vocabularySize} x ${dimensions}`,
      );
    }
    model.dispose();
  }
  assert.deepEqual(found, {
    "bert-dynamo.onnx": ["input_ids: 50 x 16", "token_type_ids: 2 x 16"],
    "bert-script.onnx": ["input_ids: 50 x 16", "token_type_ids: 2 x 16"],
    "recurrent-dynamo.onnx": ["ids: 40 x 6"],
    "recurrent-script.onnx": ["ids: 40 x 6"],
    "model.onnx": ["bytes: 257 x 64"],
  });
});
