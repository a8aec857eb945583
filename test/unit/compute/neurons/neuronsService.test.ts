import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../../src/common/errors.ts";
import { ExplainService } from "../../../../src/compute/explainService.ts";
import { computeConservation } from "../../../../src/compute/neurons/conservation.ts";
import { neuronDetail } from "../../../../src/compute/neurons/neuronDetail.ts";
import { computeNeurons, type NeuronsOptions } from "../../../../src/compute/neurons/neuronsRun.ts";
import { topSamples } from "../../../../src/compute/neurons/topSamples.ts";
import { explainRequestSchema } from "../../../../src/protocol/explain.ts";
import {
  type Conservation,
  conservationSchema,
  type Neurons,
  neuronDetailSchema,
  neuronsParamsSchema,
  neuronsSchema,
} from "../../../../src/protocol/neurons.ts";
import { readNpy } from "../../../../src/samples/index.ts";

const oracle = fileURLToPath(new URL("../../../fixtures/oracle/", import.meta.url));
const service = new ExplainService({ workers: { threads: 1 } });
test.after(() => service.dispose());

const digit = (sample: number) => ({ kind: "file" as const, path: join(oracle, `digits/x${sample}.npy`) });

function open(set: "digits" | "text", settings: object = {}): Promise<string> {
  const sample = set === "digits" ? digit(0) : { kind: "file", path: join(oracle, "text/ids0.npy") };
  return service.openRun(
    explainRequestSchema.parse({
      model: { path: join(oracle, set, "model/model.json") },
      samples: [{ sample }],
      settings: { backend: "wasm", tolerance: 0.01, ...settings },
    }),
  );
}

function ask(runId: string, params: object, options: NeuronsOptions = {}): Promise<Neurons> {
  const parsed = neuronsParamsSchema.parse({ runId, ...params });
  return service.withRun(runId, options, (run, { loaded }) => computeNeurons(run, loaded.model, parsed, options));
}

async function refused(question: Promise<unknown>, code: string, says: RegExp): Promise<void> {
  await assert.rejects(question, (error: unknown) => {
    assert.ok(error instanceof PathlightError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, says);
    return true;
  });
}

test("drafts sharpen: the first after one point with errors as large as the values, all of them fit the protocol", async () => {
  const runId = await open("digits");
  const before = tf.memory().numTensors;
  const drafts: Neurons[] = [];
  const neurons = await ask(
    runId,
    {
      layer: ["relu2"],
      grid: { rows: 2, columns: 2 },
      patches: [{ name: "all", region: { kind: "rectangle", y0: 0, x0: 0, y1: 8, x1: 8 } }],
    },
    { onDraft: (draft) => drafts.push(neuronsSchema.parse(draft)) },
  );
  assert.equal(tf.memory().numTensors, before, "tensors are left behind");
  const [first] = drafts;
  assert.ok(first !== undefined && drafts.every(({ status }) => status === "running"));
  assert.equal(first.evaluations, 1);
  assert.equal(first.featureError, null);
  for (const [i, value] of first.values.entries()) {
    assert.ok((first.errors[i] ?? 0) >= Math.abs(value) - 1e-5 * (1 + Math.abs(value)));
  }
  neuronsSchema.parse(neurons);
  assert.equal(neurons.status, "converged");
  // A patch that holds everything is the conductance, and the sum of the cells.
  const [count, all] = [32, neurons.values.subarray(0, 32)];
  for (const [j, value] of all.entries()) {
    const cells = [1, 2, 3, 4].reduce((sum, cell) => sum + (neurons.values[cell * count + j] ?? Number.NaN), 0);
    assert.ok(Math.abs(cells - value) < 1e-4 && Math.abs((neurons.conductance[j] ?? Number.NaN) - value) < 1e-4);
  }
  service.release(runId);
});

test("a tighter tolerance goes on from what is known; the details of a neuron add up to its row", async () => {
  const runId = await open("digits");
  const layer = { layer: ["relu2"], grid: { rows: 2, columns: 2 } };
  const rough = await ask(runId, { ...layer, tolerance: 0.05 });
  const fine = await ask(runId, { ...layer, tolerance: 0.005 });
  assert.ok(fine.evaluations > rough.evaluations && fine.seconds > rough.seconds);
  assert.ok((fine.featureError ?? 1) <= 0.005);
  const again = await ask(runId, { ...layer, tolerance: 0.005 });
  assert.equal(again.evaluations, fine.evaluations);
  const detail = neuronDetailSchema.parse(
    await service.withRun(runId, {}, async (run) => neuronDetail(run, "relu2", 5)),
  );
  assert.deepEqual(detail.places, [4, 4]);
  const sum = (values: Float32Array) => values.reduce((all, value) => all + value, 0);
  assert.ok(Math.abs(sum(detail.conductance) - (fine.conductance[5] ?? Number.NaN)) < 1e-4);
  for (let patch = 0; patch < 4; patch++) {
    const row = sum(detail.values.subarray(patch * 16, (patch + 1) * 16));
    assert.ok(Math.abs(row - (fine.values[patch * 32 + 5] ?? Number.NaN)) < 1e-4);
  }
  await refused(
    service.withRun(runId, {}, async (run) => neuronDetail(run, "relu2", 32)),
    "usage",
    /no neuron 32 of relu2/,
  );
  service.release(runId);
  await refused(ask(runId, layer), "run-unknown", /no longer kept/);
});

test("without patches there is the conductance, and two halves of the sample are held against the whole", async () => {
  const runId = await open("digits");
  const neurons = await ask(runId, { layer: ["relu3"] });
  assert.equal(neurons.patches.length, 0);
  assert.equal(neurons.conductance.length, 64);
  assert.ok(neurons.partition.worst !== null && neurons.partition.residual > 0 && neurons.partition.residual < 1e-4);
  const reference = await readNpy(join(oracle, "digits/patch_relu3_logit_0.npy"));
  const expected = new Float64Array(64);
  for (const [i, value] of reference.data.entries()) expected[i % 64] = (expected[i % 64] ?? 0) + value;
  const off = neurons.conductance.reduce((sum, value, j) => sum + Math.abs(value - (expected[j] ?? Number.NaN)), 0);
  assert.ok(off <= 0.02 * expected.reduce((sum, value) => sum + Math.abs(value), 0));
  service.release(runId);
});

test("tokens of a text: what each gives to the hidden values adds up to what the oracle says of the token", async () => {
  const runId = await open("text");
  const info = await service.withRun(runId, {}, async (_run, { loaded }) => loaded.model.nodes);
  const layer = info.find(({ op }) => op === "Conv1D")?.id ?? "";
  const patches = Array.from({ length: 16 }, (_, token) => ({
    name: `token ${token}`,
    region: { kind: "tokens", tokens: [token] },
  }));
  const neurons = await ask(runId, { layer: [layer], patches });
  assert.equal(neurons.status, "converged");
  const reference = await readNpy(join(oracle, "text/tokens_0.npy"));
  let [off, size] = [0, 0];
  for (const [token, { sum }] of neurons.patches.entries()) {
    off += Math.abs(sum - (reference.data[token] ?? Number.NaN));
    size += Math.abs(reference.data[token] ?? Number.NaN);
  }
  assert.ok(off <= 0.02 * size, `tokens are off by ${off / size}`);
  await refused(
    ask(runId, { layer: [layer], patches: [{ name: "B", region: { kind: "tokens", tokens: [16] } }] }),
    "usage",
    /patch B reaches outside/,
  );
  await refused(ask(runId, { layer: [layer], grid: { rows: 2, columns: 2 } }), "usage", /no picture/);
  const ids = info[0]?.id ?? "";
  await refused(ask(runId, { layer: [ids] }), "usage", /int32/);
  service.release(runId);
});

test("layers and patches that cannot be had are refused; a cancel leaves no tensor behind", async () => {
  const runId = await open("digits");
  const before = tf.memory().numTensors;
  await refused(ask(runId, { layer: ["relu9"] }), "model-node-unknown", /relu9/);
  await refused(ask(runId, { layer: ["relu2"], axis: 3 }), "usage", /no axis 3/);
  const outside = { name: "A", region: { kind: "rectangle", y0: 4, x0: 4, y1: 9, x1: 8 } };
  await refused(ask(runId, { layer: ["relu2"], patches: [outside] }), "usage", /patch A reaches outside/);
  const controller = new AbortController();
  const cancelled = ask(
    runId,
    { layer: ["relu2"], grid: { rows: 8, columns: 8 }, tolerance: 0.001 },
    { signal: controller.signal, onDraft: () => controller.abort() },
  );
  await refused(cancelled, "cancelled", /Cancelled/);
  assert.equal(tf.memory().numTensors, before, "tensors are left behind");
  service.release(runId);
});

test("conservation: all layers over the points of the run, with the layers at once and sums that sharpen", async () => {
  const { runId } = await service.explain(
    explainRequestSchema.parse({
      model: { path: join(oracle, "digits/model/model.json") },
      samples: [{ sample: digit(0) }],
      settings: { backend: "wasm", tolerance: 0.005 },
    }),
  );
  const known: Conservation[] = [];
  const found = await service.withRun(runId, {}, (run, { loaded }) =>
    computeConservation(run, loaded.model, { onKnown: (each) => known.push(conservationSchema.parse(each)) }),
  );
  conservationSchema.parse(found);
  assert.ok(known[0]?.layers.every(({ state }) => state === "waits"));
  assert.ok((known[1]?.points ?? 0) < found.points);
  assert.deepEqual(
    found.layers.map(({ node, state }) => [node, state]),
    ["conv1_input", "conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "flatten", "fc", "relu3", "logits"].map(
      (node) => [node, "cut"],
    ),
  );
  assert.ok((found.largestResidual ?? 1) <= 0.01, String(found.largestResidual));
  for (const { concentration } of found.layers)
    assert.ok(concentration !== null && concentration > 0 && concentration <= 1);
  service.release(runId);
});

test("conservation of a text: what each position carries through the depth; at the embedding that of the oracle", async () => {
  const runId = await open("text");
  const found = await service.withRun(runId, {}, (run, { loaded }) => computeConservation(run, loaded.model));
  const reference = await readNpy(join(oracle, "text/tokens_0.npy"));
  const kept = found.layers.filter(({ positions }) => positions !== undefined);
  // The embedding, the convolution and its activation have a vector for each of the 16 tokens, what follows has not.
  assert.ok(kept.length >= 2, kept.map(({ node }) => node).join());
  assert.equal(found.layers.at(-1)?.positions, undefined);
  for (const { node, positions, sum } of kept) {
    assert.equal(positions?.length, 16, node);
    const total = positions?.reduce((all, value) => all + value, 0) ?? Number.NaN;
    assert.ok(Math.abs(total - (sum ?? Number.NaN)) < 1e-4 * Math.abs(found.deltaF), `${node}: ${total} for ${sum}`);
  }
  const [embedding] = kept;
  let [off, size] = [0, 0];
  for (const [token, value] of (embedding?.positions ?? []).entries()) {
    off += Math.abs(value - (reference.data[token] ?? Number.NaN));
    size += Math.abs(reference.data[token] ?? Number.NaN);
  }
  assert.ok(off <= 0.02 * size, `tokens are off by ${off / size}`);
  service.release(runId);
});

test("a neuron's own attribution is complete in its activation, over all places and at one", async () => {
  const runId = await open("digits");
  await ask(runId, { layer: ["relu2"] });
  const detail = await service.withRun(runId, {}, async (run) => neuronDetail(run, "relu2", 3));
  const sum = (values: Float32Array) => values.reduce((all, value) => all + value, 0);
  const whole = await service.explainNeuron(runId, { node: "relu2", neuron: 3 });
  assert.equal(whole.status, "converged");
  assert.ok(Math.abs(whole.score.input - sum(detail.activation)) < 1e-3);
  assert.ok(Math.abs(whole.score.baseline - sum(detail.baselineActivation)) < 1e-3);
  assert.ok(Math.abs(whole.sum - whole.deltaF) <= 0.01 * Math.abs(whole.deltaF));
  assert.match(whole.target.label, /neuron 3 of relu2/);
  const place = detail.activation.indexOf(Math.max(...detail.activation));
  const one = await service.explainNeuron(runId, {
    node: "relu2",
    neuron: 3,
    place: [Math.floor(place / 4), place % 4],
  });
  assert.ok(Math.abs(one.score.input - (detail.activation[place] ?? Number.NaN)) < 1e-5);
  assert.notEqual(one.runId, runId);
  await refused(service.explainNeuron(runId, { node: "relu2", neuron: 3, place: [4, 0] }), "usage", /no place/);
  await refused(service.explainNeuron(runId, { node: "relu2", neuron: 99 }), "usage", /no neuron 99/);
});

test("the samples on which a neuron is most active, by what the model itself puts out", async () => {
  const runId = await open("digits");
  const samples = [0, 1, 2, 3, 4].map(digit);
  const missing = { kind: "file" as const, path: join(oracle, "digits/none.npy") };
  const expected = await service.withRun(runId, {}, async (_run, { loaded }) => {
    const means: number[] = [];
    for (const { path } of samples) {
      const x = await readNpy(path);
      const value = tf.tidy(() => {
        const fed = tf.tensor(Float32Array.from(x.data), [1, 8, 8, 1]);
        const [maps] = loaded.model.evaluate(new Map([["conv1_input", fed]]), ["relu2"]);
        return tf.mean(tf.slice(maps as tf.Tensor, [0, 0, 0, 7], [1, 4, 4, 1])).dataSync()[0] ?? Number.NaN;
      });
      means.push(value);
    }
    return means;
  });
  const found = await service.withRun(runId, {}, (run, opened) =>
    topSamples(run, opened, { node: "relu2", neuron: 7 }, [...samples, missing], 3),
  );
  const order = [...expected.keys()].sort((a, b) => (expected[b] ?? 0) - (expected[a] ?? 0)).slice(0, 3);
  assert.deepEqual(
    found.samples.map(({ index }) => index),
    order,
  );
  for (const { index, mean, largest, place } of found.samples) {
    assert.ok(Math.abs(mean - (expected[index] ?? Number.NaN)) < 1e-4);
    assert.ok(largest >= mean && place.length === 2);
  }
  assert.equal(found.notes.length, 1);
  assert.match(found.notes[0] ?? "", /none\.npy/);
  service.release(runId);
});
