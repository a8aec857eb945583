import assert from "node:assert/strict";
import { dirname, join, resolve } from "node:path";
import test, { after } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import sharp from "sharp";
import { readLayersModel } from "../../../scripts/samples/layersModelFile.ts";
import { statistics } from "../../../src/compute/ablation/ablateRun.ts";
import { pruneRun } from "../../../src/compute/ablation/pruneRun.ts";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { computeNeurons } from "../../../src/compute/neurons/neuronsRun.ts";
import { loadModel } from "../../../src/models/loadModel.ts";
import { type ExplainRequest, type SampleRef, settingsSchema } from "../../../src/protocol/explain.ts";
import {
  type AblationResult,
  ablateParamsSchema,
  ablationResultSchema,
  neuronsParamsSchema,
  pruneParamsSchema,
  pruningSchema,
} from "../../../src/protocol/neurons.ts";
import { npyBytes, readManifest } from "../../../src/samples/index.ts";
import { usableBackends } from "../models/backends.ts";
import { saveWeights } from "../models/savedLayers.ts";
import { write } from "../samples/support.ts";

const samples = resolve(import.meta.dirname, "../../../samples");
const service = new ExplainService();
after(() => service.dispose());

async function sampleModel(name: string): Promise<ExplainRequest["model"]> {
  const { manifest, baseFolder } = await readManifest(join(samples, "pathlight.json"));
  const entry = manifest.models.find((candidate) => candidate.name === name);
  assert.ok(entry !== undefined);
  return { path: join(samples, entry.path), entry, baseFolder };
}

const scene = (index: number): SampleRef => ({
  kind: "file",
  path: join(samples, `scenes/${String(index).padStart(4, "0")}.png`),
});
const question = (row: number): SampleRef => ({ kind: "file", path: join(samples, "questions.jsonl"), row });

function asking(model: ExplainRequest["model"], sample: SampleRef, settings: object = {}): ExplainRequest {
  return {
    model,
    samples: [{ sample }],
    settings: settingsSchema.parse({ backend: "wasm", tolerance: 0.02, ...settings }),
  };
}

async function ablate(runId: string, params: object): Promise<AblationResult> {
  const { runId: _, ...rest } = ablateParamsSchema.parse({ runId, control: 0, attribution: false, ...params });
  // What crosses to the panel is checked on the way.
  return ablationResultSchema.parse(await service.ablate(runId, rest));
}

/** The digit-scenes model with channels of `conv3` that put out a constant by their weights: 0 without a bias. */
async function withoutChannels(channels: readonly number[]): Promise<ExplainRequest["model"]> {
  const model = await sampleModel("digit-scenes");
  const layers = await readLayersModel(dirname(model.path));
  const conv = layers.getLayer("conv3");
  tf.tidy(() => {
    const [kernel, bias] = conv.getWeights();
    const keep = tf.tensor1d(Array.from({ length: 48 }, (_, channel) => (channels.includes(channel) ? 0 : 1)));
    conv.setWeights([tf.mul(kernel as tf.Tensor, keep), tf.mul(bias as tf.Tensor, keep)]);
  });
  const folder = await saveWeights(layers);
  layers.dispose();
  assert.ok(model.entry);
  return { ...model, path: join(folder, "model.json") };
}

const close = (actual: number, expected: number, within = 1e-4): void =>
  assert.ok(Math.abs(actual - expected) <= within * Math.max(1, Math.abs(expected)), `${actual}, not ${expected}`);

for (const backend of await usableBackends()) {
  test(`${backend}: without channels the model is one whose weights say so: scores, predictions, attributions`, async () => {
    const channels = [2, 5, 11, 30];
    // Plain JavaScript is slow, and exact at any tolerance.
    const settings = backend === "cpu" ? { backend, rule: "midpoint", steps: 8, tolerance: 0.5 } : { backend };
    const run = await service.explain(asking(await sampleModel("digit-scenes"), scene(7), settings));
    const before = tf.memory().numTensors;
    const ablation = [{ node: "conv3", neurons: channels }];
    const found = await ablate(run.runId, { ablation, value: "zero", attribution: true, control: 4 });
    assert.equal(tf.memory().numTensors, before);
    const target = { kind: "index", index: run.target.index };
    const truth = await service.explain(asking(await withoutChannels(channels), scene(7), { ...settings, target }));
    assert.equal(found.count, 4);
    close(found.before.score, run.score.input);
    close(found.after.score, truth.score.input);
    assert.ok(Math.abs(found.after.score - found.before.score) > 0.05, "something has changed");
    for (const { index, logit, score } of found.after.predictions) {
      const expected = truth.predictions.find((each) => each.index === index);
      close(logit, expected?.logit ?? Number.NaN);
      close(score, expected?.score ?? Number.NaN);
    }
    const without = found.explanations?.after;
    assert.ok(without);
    close(without.deltaF, truth.deltaF);
    const [map, expectedMap] = [without, truth].map(({ attributions: [first] }) => first?.values ?? []);
    let [off, size] = [0, 0];
    for (const [k, value] of (expectedMap ?? []).entries()) {
      off += Math.abs(value - (map?.[k] ?? Number.NaN));
      size += Math.abs(value);
    }
    assert.ok(off <= 1e-3 * size, `the maps are ${off} of ${size} apart`);
    if (backend !== "cpu") assert.ok((without.completenessError.relative ?? 1) <= 0.02);
    assert.ok(without.warnings.some(({ code, message }) => code === "ablated" && /4 neurons.*conv3/.test(message)));
    assert.deepEqual(found.explanations?.before.runId, run.runId);
    assert.equal(found.control?.scores.length, 4);
    const { mean, deviation } = statistics(found.control?.scores ?? []);
    close(found.control?.mean ?? Number.NaN, mean);
    close(found.control?.deviation ?? Number.NaN, deviation);
    const again = await ablate(run.runId, { ablation, value: "zero", control: 4 });
    assert.deepEqual(again.control, found.control, "the draws are the same every time");

    // Asked on, the run without the neurons stays without them.
    const finer = await service.refine(without.runId, settings.tolerance ?? 0.01, 2000);
    close(finer.deltaF, truth.deltaF);
    const asIs = await service.explain(asking(await sampleModel("digit-scenes"), scene(7), settings));
    close(asIs.deltaF, run.deltaF);
  });
}

test("the baseline's activation and the mean over samples stand in, place by place", async () => {
  const model = await sampleModel("digit-scenes");
  const run = await service.explain(asking(model, scene(7)));
  const { model: plain } = await loadModel(model.path);
  const grey = async (index: number) => {
    const file = join(samples, `scenes/${String(index).padStart(4, "0")}.png`);
    const { data } = await sharp(file).greyscale().raw().toBuffer({ resolveWithObject: true });
    return tf.tensor(
      Float32Array.from(data, (level) => level / 255),
      [1, 48, 48, 1],
    );
  };
  const input = plain.inputs[0]?.id ?? "";
  const at = (x: tf.Tensor, node: string) => plain.evaluate(new Map([[input, x]]), [node])[0] as tf.Tensor;
  const x = await grey(7);
  const off = [1, 4];
  const mask = tf.tensor1d(
    Array.from({ length: 48 }, (_, channel) => (off.includes(channel) ? 1 : 0)),
    "bool",
  );
  const expected = (value: tf.Tensor) => {
    const changed = tf.where(tf.reshape(mask, [1, 1, 1, 48]), value, at(x, "conv3"));
    const logits = plain.evaluate(new Map([["conv3", changed]]), [plain.heads[0]?.logit ?? ""])[0] as tf.Tensor;
    return logits.dataSync()[run.target.index ?? 0] ?? Number.NaN;
  };
  const byBaseline = await ablate(run.runId, { ablation: [{ node: "conv3", neurons: off }] });
  close(byBaseline.after.score, expected(at(tf.zerosLike(x), "conv3")), 1e-3);
  const others = [scene(1), scene(2), scene(3)];
  const mean = tf.div(tf.addN(await Promise.all([1, 2, 3].map(async (k) => at(await grey(k), "conv3")))), 3);
  const found = await ablate(run.runId, {
    ablation: [{ node: "conv3", neurons: off }],
    value: "mean",
    samples: others,
  });
  close(found.after.score, expected(mean), 1e-3);
  assert.ok(found.notes.some((note) => /over 3 samples/.test(note)));
  plain.dispose();
});

test("a text: dimensions of the hidden state, and single values of a layer", async () => {
  const model = await sampleModel("question-classifier");
  const run = await service.explain(asking(model, question(0)));
  const { model: plain } = await loadModel(model.path);
  const inner = plain.nodes.find(({ op, shape }) => op === "GlobalMaxPooling1D" && shape.length === 2);
  assert.ok(inner);
  const units = inner.shape[1] ?? 0;
  const all = await ablate(run.runId, {
    ablation: [{ node: inner.id, neurons: Array.from({ length: units }, (_, unit) => unit) }],
    attribution: true,
    control: 3,
  });
  assert.equal(all.count, units);
  assert.equal(all.control, null);
  assert.ok(
    all.notes.some((note) => /Every neuron/.test(note)) && all.notes.some((note) => /too few others/.test(note)),
  );
  // Everything passes this layer: with all of it at the baseline's activation the score is the baseline's.
  close(all.after.score, run.score.baseline);
  assert.equal(all.explanations?.after.deltaF, 0);
  assert.ok((all.explanations?.after.attributions ?? []).every(({ values }) => values.every((value) => value === 0)));
  const positions = plain.nodes.find(({ op, shape }) => op !== "Embedding" && shape.length === 3);
  assert.ok(positions);
  const one = await ablate(run.runId, { ablation: [{ node: positions.id, neurons: [3], units: true }], value: "zero" });
  const neuron = await ablate(run.runId, { ablation: [{ node: positions.id, neurons: [3] }], value: "zero" });
  assert.equal(one.count, 1);
  assert.notEqual(one.after.score, neuron.after.score);
  const mean = await ablate(run.runId, {
    ablation: [{ node: inner.id, neurons: [0, 1] }],
    value: "mean",
    samples: [question(1), question(2)],
  });
  assert.ok(Number.isFinite(mean.after.score));
  plain.dispose();
});

test("a run outlasts any number of ablations, and the same one is not computed twice", async () => {
  const run = await service.explain(asking(await sampleModel("question-classifier"), question(3), { tolerance: 0.2 }));
  const ablation = (neuron: number) => [{ node: "strongest-place", neurons: [neuron] }];
  const first = await ablate(run.runId, { ablation: ablation(0), attribution: true });
  const again = await ablate(run.runId, { ablation: ablation(0), attribution: true });
  const [a, b] = [first, again].map(({ explanations }) => explanations?.after);
  assert.equal(b?.evaluations, a?.evaluations);
  assert.deepEqual(b?.attributions, a?.attributions);
  for (let neuron = 1; neuron < 20; neuron++)
    await ablate(run.runId, { ablation: ablation(neuron), attribution: true });
  assert.ok(service.snapshot(run.runId) !== null);
});

test("bad input is refused with what to do, and leaves nothing behind", async () => {
  const model = await sampleModel("digit-scenes");
  const run = await service.explain(asking(model, scene(7)));
  const text = await service.explain(asking(await sampleModel("question-classifier"), question(0)));
  await ablate(run.runId, { ablation: [{ node: "conv3", neurons: [0] }] });
  const before = tf.memory().numTensors;
  const refused = (runId: string, params: object, code: string, words: RegExp) =>
    assert.rejects(ablate(runId, params), (error: Error & { code?: string; details?: { expected?: string } }) => {
      assert.equal(error.code, code, error.message);
      assert.match(`${error.message} ${error.details?.expected ?? ""}`, words);
      return true;
    });
  await refused(run.runId, { ablation: [{ node: "conv33", neurons: [0] }] }, "model-node-unknown", /conv33/);
  await refused(run.runId, { ablation: [{ node: "conv3", neurons: [48] }] }, "usage", /no neuron 48.*0 to 47/);
  await refused(run.runId, { ablation: [{ node: "conv3", axis: 3, neurons: [0] }] }, "usage", /no axis 3/);
  await refused(run.runId, { ablation: [{ node: "conv3", neurons: [0] }], value: "mean" }, "usage", /no samples/);
  const double = [
    { node: "conv3", neurons: [0] },
    { node: "conv3", neurons: [0], units: true },
  ];
  await refused(run.runId, { ablation: double }, "usage", /two ways/);
  await refused("nobody", { ablation: double }, "run-unknown", /no longer kept/);
  const ids = text.attributions[0]?.input ?? "";
  await refused(text.runId, { ablation: [{ node: ids, neurons: [0] }] }, "usage", /int32/);
  assert.throws(() => ablateParamsSchema.parse({ runId: "a", ablation: [{ node: "conv3", neurons: [] }] }));
  assert.throws(() => ablateParamsSchema.parse({ runId: "a", ablation: [] }));
  const { runId: _, ...params } = ablateParamsSchema.parse({ runId: "", ablation: [{ node: "conv3", neurons: [0] }] });
  const cancel = new AbortController();
  const stages: string[] = [];
  await assert.rejects(
    service.ablate(run.runId, params, {
      signal: cancel.signal,
      onProgress: ({ stage, done, total }) => {
        stages.push(stage);
        assert.ok(done >= 0 && done <= total);
        if (done >= 3) cancel.abort();
      },
    }),
    { code: "cancelled" },
  );
  assert.ok(stages.length > 0);
  assert.equal(tf.memory().numTensors, before);
});

test("pruning follows the score and two patches, the strongest neurons first, and random ones beside", async () => {
  const run = await service.explain(asking(await sampleModel("digit-scenes"), scene(7), { tolerance: 0.1 }));
  const rectangle = (name: string, x0: number, x1: number) => ({
    name,
    region: { kind: "rectangle", y0: 0, x0, y1: 48, x1 },
  });
  const params = pruneParamsSchema.parse({
    ...{ runId: run.runId, layer: ["strongest-place"], counts: [4, 1, 80], control: 3 },
    ...{ a: rectangle("left", 0, 20), b: rectangle("right", 20, 48) },
  });
  const before = tf.memory().numTensors;
  const seen: string[] = [];
  const found = pruningSchema.parse(
    await service.withRun(run.runId, {}, (own, opened) =>
      pruneRun(own, opened, params, { onProgress: ({ done, total }) => seen.push(`${done}/${total}`) }),
    ),
  );
  assert.equal(tf.memory().numTensors, before);
  assert.deepEqual([seen[0], seen.at(-1)], ["0/16", "16/16"]);
  close(found.start.score, run.score.input);
  // The two patches are the whole picture.
  close(found.start.a + found.start.b, run.sum);
  const [a, b, random] = found.series;
  assert.deepEqual([a?.by, b?.by, random?.by], ["a", "b", "random"]);
  for (const { points } of found.series)
    assert.deepEqual(
      points.map(({ count }) => count),
      [1, 4, 80],
    );
  const neurons = await service.withRun(run.runId, {}, (own, { loaded }) =>
    computeNeurons(
      own,
      loaded.model,
      neuronsParamsSchema.parse({ runId: run.runId, layer: params.layer, patches: [params.a, params.b] }),
    ),
  );
  const first = [...neurons.values.subarray(0, 80).entries()].sort((p, q) => q[1] - p[1]).slice(0, 4);
  const alone = await ablate(run.runId, {
    ablation: [{ node: "strongest-place", neurons: first.map(([neuron]) => neuron) }],
    attribution: true,
  });
  close(a?.points[1]?.score ?? Number.NaN, alone.after.score);
  close((a?.points[1]?.a ?? 0) + (a?.points[1]?.b ?? 0), alone.explanations?.after.sum ?? Number.NaN, 1e-3);
  for (const series of found.series) close(series.points[2]?.score ?? Number.NaN, run.score.baseline);
  assert.equal(random?.points[2]?.deviation.score, 0);
  assert.ok((random?.points[0]?.deviation.score ?? 0) > 0);
  assert.ok(found.completenessError <= 0.1);
  const refused = (more: object, words: RegExp) =>
    assert.rejects(
      service.withRun(run.runId, {}, (own, opened) =>
        pruneRun(own, opened, pruneParamsSchema.parse({ ...params, ...more })),
      ),
      (error: Error & { code?: string }) => error.code === "usage" && words.test(error.message),
    );
  await refused({ counts: [81] }, /80 neurons.*not 81/);
  await refused({ a: rectangle("outside", 40, 60) }, /outside reaches outside the picture/);
  await refused({ a: rectangle("empty", 9, 9) }, /empty/);
});

test("neurons of an ONNX convolution are its channels, which come first", async () => {
  const path = resolve(import.meta.dirname, "../../fixtures/onnx/resnet-script.onnx");
  const { model: plain } = await loadModel(path);
  const [input] = plain.inputs;
  const node = plain.nodes.find(({ op }) => op === "Conv");
  assert.ok(input && node);
  const shape = input.shape.slice(1).map((side) => side ?? 8);
  const x = tf.randomUniform(shape, 0, 1, "float32", 5);
  const file = write("resnet.npy", Buffer.from(npyBytes(shape, Float32Array.from(x.dataSync()))));
  const run = await service.explain(asking({ path }, { kind: "file", path: file }, { tolerance: 0.2 }));
  const found = await ablate(run.runId, { ablation: [{ node: node.id, neurons: [1, 2, 3] }], value: "zero" });
  const expected = tf.tidy(() => {
    const [value] = plain.evaluate(new Map([[input.id, tf.expandDims(x, 0)]]), [node.id]);
    const channels = value?.shape[1] ?? 0;
    const keep = tf.reshape(
      tf.tensor1d(Array.from({ length: channels }, (_, k) => (k >= 1 && k <= 3 ? 0 : 1))),
      [1, -1, 1, 1],
    );
    const feeds = new Map([
      [input.id, tf.expandDims(x, 0)],
      [node.id, tf.mul(value as tf.Tensor, keep)],
    ]);
    const [logits] = plain.evaluate(feeds, [plain.heads[0]?.logit ?? ""]);
    return logits?.dataSync()[run.target.index ?? 0] ?? Number.NaN;
  });
  const moved = Math.abs(found.after.score - found.before.score);
  assert.ok(
    moved > 1e-4 && Math.abs(found.after.score - expected) < 0.01 * moved,
    `${moved}, off by ${found.after.score - expected}`,
  );
  x.dispose();
  plain.dispose();
});

test("the neurons of one text of a pair are its own", async () => {
  const model = await sampleModel("question-classifier");
  const text = (words: string) => ({ sample: { kind: "text" as const, text: words } });
  const expression = 'dot(node("a/strongest-place"), node("b/strongest-place"))';
  const run = await service.explain({
    model,
    samples: [text("Who wrote Hamlet?"), text("Which author wrote Macbeth?")],
    settings: settingsSchema.parse({ backend: "wasm", target: { kind: "expression", expression } }),
  });
  const neurons = Array.from({ length: 64 }, (_, neuron) => neuron);
  const found = await ablate(run.runId, {
    ablation: [{ node: "a/strongest-place", neurons }],
    value: "zero",
    attribution: true,
  });
  // The product with a text of which nothing is left.
  close(found.after.score, 0);
  const without = found.explanations?.after;
  assert.equal(without?.deltaF, 0);
  const half = await ablate(run.runId, {
    ablation: [{ node: "b/strongest-place", neurons: [0, 1, 2] }],
    attribution: true,
  });
  const { deltaF, sum, mapSize } = half.explanations?.after ?? { deltaF: 0, sum: 1, mapSize: 0 };
  assert.ok(Math.abs(sum - deltaF) <= 0.02 * mapSize, `${sum} for ${deltaF}`);
});
