import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { memory } from "@tensorflow/tfjs-core";
import { ExplainService } from "../../../src/compute/explainService.ts";
import type { ExplainEvent } from "../../../src/protocol/compute.ts";
import { type ExplainRequest, settingsSchema } from "../../../src/protocol/explain.ts";
import { heldBytes } from "./heldBytes.ts";

const fixtures = path.resolve(import.meta.dirname, "../../fixtures/oracle");
const digits = path.join(fixtures, "digits/model/model.json");
let service: ExplainService;
let folder: string;

before(async () => {
  service = new ExplainService();
  folder = await mkdtemp(path.join(tmpdir(), "pathlight-service-"));
});
after(async () => {
  await service.dispose();
  await rm(folder, { recursive: true, force: true });
});

function request(settings: object = {}, sample = 0, model = digits): ExplainRequest {
  return {
    model: { path: model },
    samples: [{ sample: { kind: "file", path: path.join(fixtures, `digits/x${sample}.npy`) } }],
    settings: settingsSchema.parse({ backend: "wasm", ...settings }),
  };
}

test("a run tells its stages, its prediction and its drafts before the result", async () => {
  const events: ExplainEvent[] = [];
  const result = await service.explain(request(), { emit: (event) => events.push(event) });
  const types = events.map((event) => event.type);
  assert.ok(types.indexOf("stage") < types.indexOf("predicted"));
  assert.ok(types.indexOf("predicted") < types.indexOf("draft"));
  assert.equal(result.status, "converged");
  assert.equal(result.evaluations, result.path.alphas.length);
  const [best] = [...result.predictions].sort((a, b) => b.logit - a.logit);
  assert.equal(result.target.index, best?.index);
});

test("the same question again costs nothing, and a tighter one goes on from what is known", async () => {
  const first = await service.explain(request({ tolerance: 0.05 }, 1));
  const evaluated = async (settings: object): Promise<{ fresh: number; total: number }> => {
    let fresh = 0;
    const known = first.evaluations;
    const result = await service.explain(request(settings, 1), {
      emit: (event) => {
        if (event.type === "progress") fresh = event.running.evaluations - known;
      },
    });
    return { fresh, total: result.evaluations };
  };
  assert.deepEqual(await evaluated({ tolerance: 0.05 }), { fresh: 0, total: first.evaluations });
  const tighter = await evaluated({ tolerance: 0.01 });
  assert.ok(tighter.total > first.evaluations);
  assert.equal(tighter.fresh, tighter.total - first.evaluations);
});

test("refining and regraining keep the nodes; every grain adds up alike", async () => {
  const first = await service.explain(request({ tolerance: 0.1 }, 2));
  const refined = await service.refine(first.runId, 0.005, 512);
  assert.ok(refined.evaluations > first.evaluations);
  assert.ok((refined.featureError ?? 1) <= 0.005);
  const coarse = service.regrain(first.runId, 4);
  assert.ok(Math.abs(coarse.sum - refined.sum) < 1e-6 * Math.abs(refined.sum));
  assert.equal(coarse.evaluations, refined.evaluations);
  const [attribution] = coarse.attributions;
  assert.equal(attribution?.cellErrors?.length, 4);
});

test("the path can run in an inner node: its attributions are of that node's values, and add up", async () => {
  const whole = await service.explain(request({}, 8));
  const inner = await service.explain(request({ from: "relu3" }, 8));
  assert.equal(inner.status, "converged");
  assert.ok(Math.abs(inner.deltaF - whole.deltaF) < 1e-4 * Math.abs(whole.deltaF), "the ends of the path are the same");
  assert.deepEqual(
    inner.attributions.map(({ input, shape }) => ({ input, shape })),
    [{ input: "relu3", shape: [64] }],
  );
  // From the logits on, the score is one of them: it has all of the change, the others none.
  const last = await service.explain(request({ from: "logits" }, 8));
  const values = Array.from(last.attributions[0]?.values ?? []);
  values.forEach((value, index) => {
    const expected = index === last.target.index ? whole.deltaF : 0;
    assert.ok(Math.abs(value - expected) < 1e-4 * Math.abs(whole.deltaF), `logit ${index}: ${value}, not ${expected}`);
  });
  await assert.rejects(service.explain(request({ from: "relu9" }, 8)), { code: "model-node-unknown" });
});

test("a cancelled run leaves a draft that can be gone on with", async () => {
  const controller = new AbortController();
  let runId = "";
  const run = service.explain(request({ tolerance: 1e-5, maxEvaluations: 4000 }, 3), {
    signal: controller.signal,
    emit: (event) => {
      if (event.type === "predicted") runId = event.runId;
      if (event.type === "progress" && event.running.rounds >= 2) controller.abort();
    },
  });
  await assert.rejects(run, { code: "cancelled" });
  const draft = service.snapshot(runId);
  assert.equal(draft?.status, "cancelled");
  assert.ok((draft?.evaluations ?? 0) > 9);
  const result = await service.refine(runId, 0.01, 512);
  assert.equal(result.status, "converged");
});

test("two at once take turns", async () => {
  const results = await Promise.all([4, 5, 6].map((sample) => service.explain(request({}, sample))));
  assert.deepEqual(
    results.map(({ status }) => status),
    ["converged", "converged", "converged"],
  );
});

test("tensors are back to their number after success, error and cancel", async () => {
  await service.explain(request({}, 7));
  const before = memory().numTensors;
  await service.explain(request({ link: "softmax" }, 7));
  assert.equal(memory().numTensors, before, "after success");
  await assert.rejects(service.explain(request({ target: { kind: "index", index: 10 } }, 7)), {
    code: "target-invalid",
  });
  await assert.rejects(service.explain(request({ baseline: { kind: "file", path: "/none.npy" } }, 7)));
  assert.equal(memory().numTensors, before, "after errors");
  const controller = new AbortController();
  const run = service.explain(request({ tolerance: 1e-6, maxEvaluations: 5000 }, 8), {
    signal: controller.signal,
    emit: (event) => {
      if (event.type === "draft") controller.abort();
    },
  });
  await assert.rejects(run, { code: "cancelled" });
  assert.equal(memory().numTensors, before, "after a cancel");
});

test("a hundred explanations leave nothing behind", async () => {
  const explainMany = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++) {
      const { runId } = await service.explain(request({ target: { kind: "index", index: i % 10 } }, i % 12));
      service.release(runId);
    }
    return heldBytes();
  };
  const warm = await explainMany(150);
  const later = await explainMany(100);
  // Holding on to one explanation each would be about 3 MB.
  assert.ok(later - warm < 1e6, `${later - warm} bytes more after a hundred explanations`);
});

test("a model that changed on disk is loaded anew, and its old runs are refused", async () => {
  const copy = path.join(folder, "model");
  await cp(path.dirname(digits), copy, { recursive: true });
  const model = path.join(copy, "model.json");
  const first = await service.explain(request({}, 0, model));
  const weights = path.join(copy, "weights.bin");
  const bytes = await readFile(weights);
  bytes.writeFloatLE(bytes.readFloatLE(0) + 0.5, 0);
  await writeFile(weights, bytes);
  await utimes(weights, new Date(), new Date(Date.now() + 5000));
  const second = await service.explain(request({}, 0, model));
  assert.notEqual(second.model.fingerprint, first.model.fingerprint);
  assert.notEqual(second.deltaF, first.deltaF);
  await assert.rejects(service.refine(first.runId, 0.001, 512), { code: "run-unknown" });
});

test("sample and baseline that are the same are refused", async () => {
  const sample = path.join(fixtures, "digits/x0.npy");
  await assert.rejects(service.explain(request({ baseline: { kind: "file", path: sample } })), {
    code: "same-as-baseline",
  });
});

test("a link that the model does not end in is refused by name", async () => {
  const model = path.resolve(import.meta.dirname, "../../../samples/models/question-classifier/model.json");
  const ids = path.join(folder, "text.txt");
  await writeFile(ids, "who was the first\n");
  const run = service.explain({
    model: { path: model },
    samples: [{ sample: { kind: "file", path: ids, row: 0 } }],
    settings: settingsSchema.parse({ backend: "wasm", link: "sigmoid" }),
  });
  await assert.rejects(run, { code: "link-invalid" });
});
