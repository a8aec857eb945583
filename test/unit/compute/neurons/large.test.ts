import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import * as layers from "@tensorflow/tfjs-layers";
import { availableBackends } from "../../../../src/backend/index.ts";
import { ExplainService } from "../../../../src/compute/explainService.ts";
import { exportNeurons } from "../../../../src/compute/export/index.ts";
import { computeNeurons } from "../../../../src/compute/neurons/neuronsRun.ts";
import { openPath } from "../../../../src/compute/scorePath.ts";
import { explainRequestSchema } from "../../../../src/protocol/explain.ts";
import { neuronsParamsSchema } from "../../../../src/protocol/neurons.ts";
import { npyBytes, readNpy } from "../../../../src/samples/index.ts";
import { useBackend } from "../../models/backends.ts";
import { temporaryFolder } from "../../models/modelFiles.ts";
import { saveLayers } from "../../models/savedLayers.ts";

const [backend = "wasm"] = await availableBackends();
const fixtures = fileURLToPath(new URL("../../../fixtures/", import.meta.url));

async function open(service: ExplainService, model: string, sample: string, tolerance: number): Promise<string> {
  return service.openRun(
    explainRequestSchema.parse({
      model: { path: model },
      samples: [{ sample: { kind: "file", path: sample } }],
      settings: { backend, tolerance },
    }),
  );
}

test("1024 patches of a layer 4096 wide: on disk, in bounded memory, and the array as a stream", async () => {
  await useBackend("cpu");
  const net = layers.sequential({
    layers: [
      layers.layers.flatten({ inputShape: [32, 32, 1] }),
      layers.layers.dense({ units: 4096, activation: "tanh", name: "wide", kernelInitializer: "glorotNormal" }),
      layers.layers.dense({ units: 1, name: "out", kernelInitializer: "glorotNormal" }),
    ],
  });
  const folder = await saveLayers(net);
  const out = temporaryFolder();
  const x = Float32Array.from({ length: 1024 }, (_, i) => Math.sin(i));
  const sample = join(out, "x.npy");
  writeFileSync(sample, npyBytes([32, 32, 1], x));
  const service = new ExplainService();
  // A temporary folder of its own: other tests use the system's at the same time.
  const shared = process.env["TMPDIR"];
  const own = temporaryFolder();
  process.env["TMPDIR"] = own;
  const ours = () => readdirSync(own).filter((name) => name.startsWith("pathlight-neurons-"));
  try {
    const runId = await open(service, folder, sample, 0.01);
    const params = neuronsParamsSchema.parse({ runId, layer: ["wide"], grid: { rows: 32, columns: 32 } });
    const start = process.memoryUsage().rss;
    let most = start;
    let steps = 0;
    await service.withRun(runId, {}, async (run, { loaded }) => {
      const neurons = await computeNeurons(run, loaded.model, params, {
        onProgress: () => {
          steps++;
          most = Math.max(most, process.memoryUsage().rss);
        },
      });
      assert.equal(neurons.status, "converged");
      assert.equal(neurons.patches.length, 1024);
      assert.ok(neurons.partition.residual < 1e-4 && neurons.conservation.residual <= 0.01);
      assert.match(neurons.notes.join(" "), /neighbouring neurons share/);
      // A vector a patch and point: more than what stays in memory.
      assert.ok((run.neurons?.store.bytesOnDisk ?? 0) > neurons.evaluations * 1024 * 4096 - 128 * 2 ** 20);
      assert.ok(steps >= 1024 * neurons.evaluations);
      await exportNeurons(out, { run, neurons, request: run.plan.request, top: 5 });
      const found = await readNpy(join(out, "neurons-0.npy"));
      assert.deepEqual(found.shape, [1024, 4096]);
      const row = Array.from(found.data.subarray(512 * 4096, 513 * 4096), Number).reduce((sum, each) => sum + each, 0);
      assert.ok(Math.abs(row - (neurons.patches[512]?.sum ?? Number.NaN)) < 1e-4);
    });
    most = Math.max(most, process.memoryUsage().rss);
    assert.ok(most - start < 1500 * 2 ** 20, `${Math.round((most - start) / 2 ** 20)} MB more`);
    service.release(runId);
  } finally {
    await service.dispose();
    if (shared === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = shared;
  }
  assert.deepEqual(ours(), [], "files are left in the temporary folder");
  assert.ok(existsSync(join(out, "neurons.json")));
});

test("MobileNetV2: a 7×7 grid adds up to the conductance, and what passes a layer to the slope of the score", async () => {
  const service = new ExplainService();
  try {
    const runId = await open(service, join(fixtures, "mobilenet-v2"), join(fixtures, "photographs/coffee.png"), 0.05);
    // In the middle of a block with a connection round it.
    for (const layer of ["block_8_add", "block_8_depthwise_relu"]) {
      const grid = layer === "block_8_add" ? { rows: 7, columns: 7 } : { rows: 2, columns: 1 };
      const params = neuronsParamsSchema.parse({ runId, layer: [layer], grid, maxEvaluations: 3 });
      await service.withRun(runId, {}, async (run, { loaded }) => {
        const neurons = await computeNeurons(run, loaded.model, params);
        assert.deepEqual(neurons.derivatives, { method: "double-vjp", error: 0, disagreement: null });
        assert.ok(neurons.partition.residual <= 0.01, `${layer}: ${neurons.partition.residual}`);
        assert.equal(neurons.conservation.isCut, layer === "block_8_add");
        const { plan } = run;
        const explained = plan.explained.map(({ node, shape, x, baseline }) => ({ node, shape, x, baseline }));
        const path = await openPath(loaded.model, { explained, held: plan.held, target: plan.score, twin: false });
        try {
          const { g } = await path.integrand.evaluate([0.5]);
          const slope = (g[0] ?? new Float32Array()).reduce((sum, each) => sum + each, 0);
          const record = run.neurons?.integrand.record(0.5);
          const whole = record?.whole ?? new Float64Array();
          const size = whole.reduce((sum, each) => sum + Math.abs(each), 0);
          const sum = whole.reduce((all, each) => all + each, 0) + (record?.bypass ?? Number.NaN);
          assert.ok(Math.abs(sum - slope) <= 1e-3 * size, `${layer}: ${sum}, not ${slope}`);
          if (layer !== "block_8_add") assert.ok(Math.abs(record?.bypass ?? 0) > 0.01 * size, "nothing passes");
        } finally {
          path.dispose();
        }
      });
    }
  } finally {
    await service.dispose();
  }
});
