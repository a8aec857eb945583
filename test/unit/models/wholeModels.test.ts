import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../../src/common/errors.ts";
import type { DifferentiableModel } from "../../../src/engine/port.ts";
import { loadModel } from "../../../src/models/loadModel.ts";
import { usableBackends, useBackend } from "./backends.ts";
import { assertGradient, spacedValues } from "./finiteDifferences.ts";
import { readFileWeights, temporaryFolder } from "./modelFiles.ts";
import { saveLayers } from "./savedLayers.ts";

const fixtures = new URL("../../fixtures/", import.meta.url).pathname;
const meta = JSON.parse(readFileSync(`${fixtures}oracle/digits/meta.json`, "utf8"));

/** The float values of a version 1 `.npy` file. */
function readNpy(file: string): Float32Array {
  const bytes = readFileSync(file);
  const start = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString("latin1", 10, start);
  const data = bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length);
  return header.includes("<f8") ? Float32Array.from(new Float64Array(data)) : new Float32Array(data);
}

function output(model: DifferentiableModel, from: string, x: tf.Tensor, to: string): tf.Tensor {
  const [value] = model.evaluate(new Map([[from, x]]), [to]);
  assert.ok(value !== undefined);
  return value;
}

const backends = await usableBackends();

for (const backend of backends) {
  test(`${backend}: digits: F(x) − F(0) is the reference's, for every sample`, async () => {
    await useBackend(backend);
    const { model } = await loadModel(`${fixtures}oracle/digits/model`);
    for (const { sample, target, logit } of meta.samples) {
      const x = tf.tensor(readNpy(`${fixtures}oracle/digits/x${sample}.npy`), [1, 8, 8, 1]);
      const values = tf.tidy(() =>
        output(model, "conv1_input", tf.concat([x, tf.zerosLike(x)], 0), "logits").dataSync(),
      );
      const deltaF = (values[target] ?? Number.NaN) - (values[10 + target] ?? Number.NaN);
      assert.ok(
        Math.abs(deltaF - logit.deltaF) < 1e-4 * Math.abs(logit.deltaF),
        `${sample}: ${deltaF} for ${logit.deltaF}`,
      );
      x.dispose();
    }
    model.dispose();
  });

  test(`${backend}: MobileNetV2: logit behind the softmax, and a gradient that differences confirm`, async () => {
    await useBackend(backend);
    const { model, summary } = await loadModel(`${fixtures}mobilenet-v2`);
    assert.deepEqual(model.heads, [{ output: "dense_3", activation: "softmax", logit: "dense_3:pre" }]);
    assert.equal(summary.parameterCount, 2619461);
    // From a place inside the network, whose own kinks are few enough for differences of float32 passes.
    const x = tf.randomUniform([1, 224, 224, 3], 0.2, 0.8, "float32", 3);
    const gradient = tf.tidy(() =>
      tf.grad((each) => tf.sum(tf.slice(output(model, "input_1", each, "dense_3:pre"), [0, 1], [1, 1])))(x),
    );
    const norm = Math.sqrt(tf.tidy(() => tf.sum(tf.square(gradient)).dataSync()[0] ?? 0));
    // Along the gradient itself the slope is its norm: the direction in which rounding matters least.
    const logit = (step: number) =>
      tf.tidy(() => {
        const there = tf.add(x, tf.mul(gradient, step / norm));
        return output(model, "input_1", there, "dense_3:pre").dataSync()[1] ?? Number.NaN;
      });
    const h = 0.02;
    const slope = (logit(h) - logit(-h)) / (2 * h);
    const wide = (logit(2 * h) - logit(-2 * h)) / (4 * h);
    const tolerance = Math.abs(slope - wide) + (2 ** -23 * 8) / h + 0.01 * norm;
    assert.ok(tolerance < 0.1 * norm, `the differences are too coarse: ${tolerance} of ${norm}`);
    assert.ok(Math.abs(slope - norm) <= tolerance, `gradient ${norm}, differences ${slope} ± ${tolerance}`);
    tf.dispose([x, gradient]);
    model.dispose();
  });
}

test("evaluating, differentiating, failing and disposing leave no tensor", async () => {
  await useBackend("cpu");
  const start = tf.memory().numTensors;
  const { model } = await loadModel(`${fixtures}oracle/digits/model`);
  const loaded = tf.memory().numTensors;
  const x = spacedValues([2, 8, 8, 1], 3, 0.01);
  for (let run = 0; run < 3; run++) {
    output(model, "conv1_input", x, "logits").dispose();
    tf.grad((each) => tf.sum(output(model, "conv1_input", each, "logits")))(x).dispose();
    assert.throws(() => model.evaluate(new Map([["conv1_input", x]]), ["nowhere"]));
    assert.throws(() => model.evaluate(new Map(), ["logits"]), PathlightError);
    const same = output(
      model,
      "relu1",
      tf.tidy(() => output(model, "conv1_input", x, "relu1")),
      "relu1",
    );
    same.dispose();
  }
  x.dispose();
  assert.ok(tf.memory().numTensors - loaded <= 3, "only the three fed tensors of the test itself are left");
  model.dispose();
  assert.equal(tf.memory().numTensors, start + 3);
});

test("the first node that is not finite is named", async () => {
  await useBackend("cpu");
  const { model } = await loadModel(`${fixtures}oracle/digits/model`);
  const huge = tf.fill([1, 8, 8, 1], 3e38);
  assert.equal(await model.firstNonFiniteNode(new Map([["conv1_input", huge]])), "conv1");
  const nan = tf.fill([1, 8, 8, 1], Number.NaN);
  assert.equal(await model.firstNonFiniteNode(new Map([["conv1_input", nan]])), "conv1_input");
  const fair = tf.fill([1, 8, 8, 1], 0.5);
  assert.equal(await model.firstNonFiniteNode(new Map([["conv1_input", fair]])), null);
  tf.dispose([huge, nan, fair]);
  model.dispose();
});

test("nested models, shared layers, several inputs and outputs", async () => {
  await useBackend("cpu");
  const inner = tfl.sequential({ name: "tower" });
  inner.add(tfl.layers.dense({ units: 5, activation: "tanh", inputShape: [4], name: "first" }));
  inner.add(tfl.layers.dense({ units: 3, name: "second" }));
  const [a, b] = [tfl.input({ shape: [4], name: "a" }), tfl.input({ shape: [4], name: "b" })];
  const towers = [inner.apply(a), inner.apply(b)].filter((each) => each instanceof tfl.SymbolicTensor);
  const shared = tfl.layers.dense({ units: 3, activation: "sigmoid", name: "shared" });
  const sum = tfl.layers.add({ name: "sum" }).apply(towers);
  assert.ok(sum instanceof tfl.SymbolicTensor);
  const once = shared.apply(sum);
  assert.ok(once instanceof tfl.SymbolicTensor);
  const twice = shared.apply(once);
  assert.ok(twice instanceof tfl.SymbolicTensor);
  const original = tfl.model({ inputs: [a, b], outputs: [once, twice] });
  const folder = await saveLayers(original);
  const { model } = await loadModel(folder);
  const [x, y] = [spacedValues([2, 4], 1, 0.1), spacedValues([2, 4], 2, 0.1)];
  const expected = original.predict([x, y]);
  assert.ok(Array.isArray(expected));
  assert.deepEqual(
    model.inputs.map((input) => input.id),
    ["a", "b"],
  );
  assert.deepEqual(
    model.outputs.map((each) => each.id),
    ["shared", "shared@2"],
  );
  assert.deepEqual(
    model.heads.map((head) => [head.activation, head.logit]),
    [
      ["sigmoid", "shared:pre"],
      ["sigmoid", "shared@2:pre"],
    ],
  );
  const actual = model.evaluate(
    new Map([
      ["a", x],
      ["b", y],
    ]),
    ["shared", "shared@2"],
  );
  actual.forEach((value, i) => {
    const target = expected[i];
    assert.ok(target !== undefined);
    assert.ok(Math.max(...tf.sub(value, target).dataSync().map(Math.abs)) < 1e-6);
  });
  for (const id of ["tower/first", "tower/first:pre", "tower", "tower@2/second", "tower@2"]) {
    assert.ok(
      model.nodes.some((node) => node.id === id),
      `${id} among ${model.nodes.map((node) => node.id).join(" ")}`,
    );
  }
  // A nested model's output can be fed under its own name.
  const inside = model.evaluate(
    new Map([
      ["a", x],
      ["b", y],
    ]),
    ["tower", "tower@2"],
  );
  const [left, right] = inside;
  assert.ok(left !== undefined && right !== undefined);
  const [again] = model.evaluate(
    new Map([
      ["tower", left],
      ["tower@2", right],
    ]),
    ["shared"],
  );
  assert.ok(
    again !== undefined &&
      Math.max(
        ...tf
          .sub(again, expected[0] ?? x)
          .dataSync()
          .map(Math.abs),
      ) < 1e-6,
  );
  assert.throws(
    () => model.evaluate(new Map([["tower", left]]), ["shared"]),
    (error) =>
      error instanceof PathlightError && error.code === "model-unsupported-shape" && /\bb\b/.test(error.message),
  );
  assertGradient((each) => output2(model, each, y), x, { step: 2e-2 });
  model.dispose();
});

function output2(model: DifferentiableModel, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const [value] = model.evaluate(
    new Map([
      ["a", a],
      ["b", b],
    ]),
    ["shared@2"],
  );
  assert.ok(value !== undefined);
  return value;
}

type Quantised = "uint8" | "uint16" | "float16";

/** Writes the digits model with its weights quantised, in shards of 10 000 bytes. Returns the folder. */
function quantise(dtype: Quantised): string {
  const source = `${fixtures}oracle/digits/model`;
  const json = JSON.parse(readFileSync(join(source, "model.json"), "utf8"));
  const weights = [...readFileWeights(source).values()];
  const parts = weights.map(({ values }, i) => {
    const entry = json.weightsManifest[0].weights[i];
    if (dtype === "float16") {
      entry.quantization = { dtype };
      return new Uint8Array(Uint16Array.from(values, halfBits).buffer);
    }
    const [min, max] = [Math.min(...values), Math.max(...values)];
    const scale = (max - min) / (dtype === "uint8" ? 255 : 65535) || 1;
    entry.quantization = { dtype, min, scale };
    const steps = Array.from(values, (value) => Math.round((value - min) / scale));
    return dtype === "uint8" ? Uint8Array.from(steps) : new Uint8Array(Uint16Array.from(steps).buffer);
  });
  const bytes = Buffer.concat(parts);
  const folder = temporaryFolder();
  const paths = Array.from({ length: Math.ceil(bytes.length / 10000) }, (_, i) => `group1-shard${i + 1}`);
  paths.forEach((path, i) => {
    writeFileSync(join(folder, path), bytes.subarray(i * 10000, (i + 1) * 10000));
  });
  json.weightsManifest[0].paths = paths;
  writeFileSync(join(folder, "model.json"), JSON.stringify(json));
  return folder;
}

/** IEEE 754 binary16, cut off; for numbers of ordinary size. */
function halfBits(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  return exponent <= 0 ? 0 : ((bits >>> 16) & 0x8000) | (exponent << 10) | ((bits >>> 13) & 0x3ff);
}

for (const [dtype, tolerance] of [
  ["uint8", 0.05],
  ["uint16", 1e-3],
  ["float16", 2e-2],
] as const) {
  test(`weights quantised to ${dtype}, in several shards, load`, async () => {
    await useBackend("cpu");
    const plain = await loadModel(`${fixtures}oracle/digits/model`);
    const quantised = await loadModel(quantise(dtype));
    const x = tf.randomUniform([2, 8, 8, 1], 0, 1, "float32", 1);
    const [expected, actual] = [plain, quantised].map(({ model }) => output(model, "conv1_input", x, "logits"));
    assert.ok(expected !== undefined && actual !== undefined);
    const off = Math.max(...tf.sub(actual, expected).dataSync().map(Math.abs));
    const size = Math.max(...expected.dataSync().map(Math.abs));
    assert.ok(off > 0 && off < tolerance * size, `off by ${off} of ${size}`);
    assert.notEqual(plain.fingerprint, quantised.fingerprint);
    assert.match(plain.fingerprint, /^[0-9a-f]{64}$/);
    for (const { model } of [plain, quantised]) model.dispose();
  });
}
