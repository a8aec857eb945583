import assert from "node:assert/strict";
import path from "node:path";
import test, { after, before } from "node:test";
import { memory } from "@tensorflow/tfjs-core";
import { ExplainService } from "../../../src/compute/explainService.ts";
import type { WorkerPoolOptions } from "../../../src/compute/parallel/workerPool.ts";
import { type ExplainRequest, settingsSchema } from "../../../src/protocol/explain.ts";
import type { Explanation } from "../../../src/protocol/explanation.ts";
import { heldBytes } from "./heldBytes.ts";
import { fixtures } from "./parallelSupport.ts";

/** Explanations on several threads, the workers started by the first and used by those after it. */

const log: string[] = [];
const workers: WorkerPoolOptions = {
  threads: 3,
  paysMs: -1,
  worthMs: 0,
  freeBytes: () => 2 ** 36,
  log: (message) => log.push(message),
};
const single = new ExplainService({ workers: { threads: 1 } });
const several = new ExplainService({ workers });
const threadsOf = ({ backend }: Explanation): number => Number(/(\d+) threads$/.exec(backend.device)?.[1] ?? 1);

function request(sample: number, settings: object = {}): ExplainRequest {
  return {
    model: { path: path.join(fixtures, "oracle/digits/model/model.json") },
    samples: [{ sample: { kind: "file", path: path.join(fixtures, `oracle/digits/x${sample}.npy`) } }],
    settings: settingsSchema.parse({ backend: "wasm", tolerance: 0.002, ...settings }),
  };
}

before(async () => {
  const start = performance.now();
  for (let i = 0; ; i++) {
    const explanation = await several.explain(request(0, { rule: "midpoint", steps: 20 + i }));
    several.release(explanation.runId);
    if (threadsOf(explanation) === 3) return;
    assert.ok(performance.now() - start < 120_000, `no workers: ${log.join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});
after(async () => {
  await single.dispose();
  await several.dispose();
});

test("an explanation says on how many threads, and is the same for all", async () => {
  const alone = await single.explain(request(1));
  const together = await several.explain(request(1));
  assert.equal(alone.backend.device, "CPU · SIMD");
  assert.equal(together.backend.device, "CPU · SIMD · 3 threads");
  assert.equal(together.evaluations, alone.evaluations);
  assert.equal(together.sum, alone.sum);
  const [[expected], [found]] = [single.attributionTensors(alone.runId), several.attributionTensors(together.runId)];
  assert.deepEqual(found, expected);
  assert.deepEqual(log, []);
});

test("a question that was answered before keeps the threads of its answer, and so does a refinement", async () => {
  const first = await several.explain(request(2));
  const again = await several.explain(request(2));
  assert.equal(again.evaluations, first.evaluations);
  assert.equal(threadsOf(again), 3);
  assert.equal(threadsOf(await several.refine(first.runId, 0.001, 600)), 3);
  assert.equal(threadsOf(several.regrain(first.runId, 4)), 3);
});

test("a plain gradient takes one thread", async () => {
  assert.equal(threadsOf(await several.explain(request(2, { method: "gradient" }))), 1);
});

test("a cancelled run is gone on with", async () => {
  const controller = new AbortController();
  let runId = "";
  const run = several.explain(request(3, { tolerance: 1e-5, maxEvaluations: 4000 }), {
    signal: controller.signal,
    emit: (event) => {
      if (event.type === "predicted") runId = event.runId;
      if (event.type === "progress" && event.running.rounds >= 2) controller.abort();
    },
  });
  await assert.rejects(run, { code: "cancelled" });
  assert.equal(several.snapshot(runId)?.status, "cancelled");
  const result = await several.refine(runId, 0.01, 512);
  assert.equal(result.status, "converged");
  assert.deepEqual(log, []);
});

test("explanations on threads leave nothing behind", async () => {
  const explainMany = async (count: number): Promise<{ bytes: number; tensors: number }> => {
    for (let i = 0; i < count; i++) {
      const explanation = await several.explain(
        request(i % 12, { target: { kind: "index", index: i % 10 }, tolerance: 0.02 }),
      );
      assert.equal(threadsOf(explanation), 3);
      several.release(explanation.runId);
    }
    return { bytes: await heldBytes(), tensors: memory().numTensors };
  };
  const warm = await explainMany(60);
  const later = await explainMany(20);
  assert.equal(later.tensors, warm.tensors);
  // Holding on to one explanation each would be about 600 kB.
  assert.ok(later.bytes - warm.bytes < 3e5, `${later.bytes - warm.bytes} bytes more after twenty explanations`);
});
