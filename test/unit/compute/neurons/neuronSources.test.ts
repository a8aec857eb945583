import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../../src/common/errors.ts";
import { ExplainService } from "../../../../src/compute/explainService.ts";
import { computeNeuronSources, type NeuronSourcesOptions } from "../../../../src/compute/neurons/neuronSourcesRun.ts";
import { computeNeurons } from "../../../../src/compute/neurons/neuronsRun.ts";
import { explainRequestSchema } from "../../../../src/protocol/explain.ts";
import {
  type NeuronSources,
  neuronSourcesParamsSchema,
  neuronSourcesSchema,
  neuronsParamsSchema,
} from "../../../../src/protocol/neurons.ts";

const digits = fileURLToPath(new URL("../../../fixtures/oracle/digits/", import.meta.url));
const service = new ExplainService({ workers: { threads: 1 } });
test.after(() => service.dispose());

const open = (): Promise<string> =>
  service.openRun(
    explainRequestSchema.parse({
      model: { path: join(digits, "model/model.json") },
      samples: [{ sample: { kind: "file", path: join(digits, "x0.npy") } }],
      settings: { backend: "wasm", tolerance: 0.01 },
    }),
  );

function ask(runId: string, params: object, options: NeuronSourcesOptions = {}): Promise<NeuronSources> {
  const parsed = neuronSourcesParamsSchema.parse({ runId, layer: ["relu2"], node: "relu2", neuron: 31, ...params });
  return service.withRun(runId, options, (run, { loaded }) => computeNeuronSources(run, loaded.model, parsed, options));
}

const grid = (side: number) => ({ grid: { rows: side, columns: side } });
const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);

test("one neuron through a grid is what the neurons of the layer are through it, by the other way", async () => {
  const runId = await open();
  const before = tf.memory().numTensors;
  const drafts: NeuronSources[] = [];
  const one = await ask(runId, { ...grid(4), tolerance: 0.005 }, { onDraft: (draft) => drafts.push(draft) });
  assert.equal(tf.memory().numTensors, before, "tensors are left behind");
  for (const each of [...drafts, one]) neuronSourcesSchema.parse(each);
  const [first] = drafts;
  assert.ok(first?.evaluations === 1 && first.featureError === null && first.status === "running");
  for (const [i, value] of first.values.entries()) assert.ok((first.errors[i] ?? 0) >= Math.abs(value) * (1 - 1e-6));
  assert.equal(one.status, "converged");
  assert.equal(one.patches.length, 16);
  assert.ok(Math.abs(sum(one.values) - one.sum) <= 1e-5 * (1 + Math.abs(one.sum)));
  const params = neuronsParamsSchema.parse({ runId, layer: ["relu2"], ...grid(4), tolerance: 0.005 });
  const all = await service.withRun(runId, {}, (run, { loaded }) => computeNeurons(run, loaded.model, params));
  const [count, size] = [all.conductance.length, one.values.reduce((total, value) => total + Math.abs(value), 0)];
  const off = one.values.reduce(
    (gap, value, k) => gap + Math.abs(value - (all.values[k * count + 31] ?? Number.NaN)),
    0,
  );
  assert.ok(off <= 0.02 * size, `off by ${off} of ${size}`);
  assert.ok(Math.abs(one.sum - (all.conductance[31] ?? Number.NaN)) <= 0.005 * size);
  service.release(runId);
});

test("another grid of a neuron takes no evaluation, a sharper one those that are missing, another neuron begins anew", async () => {
  const runId = await open();
  const coarse = await ask(runId, grid(2));
  const fine = await ask(runId, { ...grid(8), tolerance: 1 });
  assert.equal(fine.evaluations, coarse.evaluations);
  assert.equal(fine.values.length, 64);
  // A quarter is the sum of its sixteenths.
  const quarter = [0, 1, 2, 3].flatMap((y) => [0, 1, 2, 3].map((x) => fine.values[y * 8 + x] ?? Number.NaN));
  const added = quarter.reduce((total, value) => total + value, 0);
  assert.ok(Math.abs(added - (coarse.values[0] ?? Number.NaN)) < 1e-4);
  const sharp = await ask(runId, { ...grid(8), tolerance: 0.004 });
  assert.ok(sharp.evaluations > fine.evaluations && (sharp.featureError ?? 1) <= 0.004 && sharp.seconds > fine.seconds);
  const other = await ask(runId, { ...grid(2), neuron: 6, tolerance: 1 });
  assert.ok(other.evaluations < sharp.evaluations && other.neuron === 6);
  const few = await ask(runId, { ...grid(2), neuron: 7, tolerance: 1e-4, maxEvaluations: 9 });
  assert.equal(few.status, "budget");
  assert.match(few.notes[0] ?? "", /^Stopped at the limit of 9 points of the path/);
  service.release(runId);
});

test("patches may overlap; what a cancelled question had found stays known", async () => {
  const runId = await open();
  const rectangle = (x0: number, x1: number) => ({ kind: "rectangle", y0: 0, x0, y1: 8, x1 });
  const patches = [
    { name: "left", region: rectangle(0, 5) },
    { name: "right", region: rectangle(3, 8) },
    { name: "both", region: rectangle(3, 5) },
  ];
  const { values, sum: all } = await ask(runId, { patches });
  const [left = 0, right = 0, both = 0] = values;
  assert.ok(Math.abs(left + right - both - all) < 1e-4);
  const abort = new AbortController();
  const drafts: NeuronSources[] = [];
  const cancelled = ask(
    runId,
    { patches, neuron: 8, tolerance: 1e-4, maxEvaluations: 513 },
    {
      signal: abort.signal,
      onDraft: (draft) => {
        drafts.push(draft);
        if (draft.rounds > 0) abort.abort();
      },
    },
  );
  await assert.rejects(cancelled, (error) => error instanceof PathlightError && error.code === "cancelled");
  const known = drafts.at(-1)?.evaluations ?? 0;
  assert.ok(known > 1);
  const again = await ask(runId, { patches, neuron: 8, tolerance: 1 });
  assert.equal(again.evaluations, known);
  service.release(runId);
});

test("neurons and layers that are not there are refused", async () => {
  const runId = await open();
  const refused = (params: object, says: RegExp) =>
    assert.rejects(ask(runId, params), (error) => error instanceof PathlightError && says.test(error.message));
  await refused({ ...grid(2), neuron: 32 }, /relu2 has no neuron 32/);
  await refused({ ...grid(2), node: "relu9" }, /relu9/);
  await refused(grid(9), /finer than the picture/);
  service.release(runId);
});
