import assert from "node:assert/strict";
import path from "node:path";
import test, { after, before } from "node:test";
import { memory } from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../src/common/errors.ts";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { type AuditProgress, auditSchema } from "../../../src/protocol/audit.ts";
import { type ExplainRequest, settingsSchema } from "../../../src/protocol/explain.ts";
import { explanationSchema } from "../../../src/protocol/explanation.ts";
import { spoils, withWrongLayer } from "../models/audit/planted.ts";

const fixtures = path.resolve(import.meta.dirname, "../../fixtures/oracle");
let service: ExplainService;

before(() => {
  service = new ExplainService();
});
after(() => service.dispose());

function request(sample: number, settings: object = {}): ExplainRequest {
  return {
    model: { path: path.join(fixtures, "digits/model/model.json") },
    samples: [{ sample: { kind: "file", path: path.join(fixtures, `digits/x${sample}.npy`) } }],
    settings: settingsSchema.parse({ backend: "wasm", ...settings }),
  };
}

test("an audit becomes part of its explanation, and stays with it", async () => {
  const explained = await service.explain(request(0));
  const progress: AuditProgress[] = [];
  const audited = await service.audit(explained.runId, { onProgress: (each) => progress.push(each) });
  assert.equal(audited.runId, explained.runId);
  assert.equal(audited.audit?.verdict, "confirmed");
  assert.ok(auditSchema.safeParse(audited.audit).success);
  assert.ok(explanationSchema.safeParse(audited).success);
  // The worst intervals of the run are looked at besides the spread places.
  assert.ok((audited.audit?.path.length ?? 0) > 8);
  assert.ok(progress.length > 20 && progress.every(({ done, total }) => done <= total));
  assert.deepEqual(service.snapshot(explained.runId)?.audit, audited.audit);
  const refined = await service.refine(explained.runId, 0.002, 512);
  assert.deepEqual(refined.audit, audited.audit);
  assert.equal((await service.explain(request(1))).audit, undefined);
});

test("a wrong gradient ends in suspicion, and the audit says whose it is", async () => {
  const { status, audit } = await withWrongLayer("conv2", spoils["scaled by 1.1"], async () => {
    const explained = await service.explain(request(2, { tolerance: 0.001 }));
    return service.audit(explained.runId);
  });
  assert.equal(status, "suspect-gradient");
  assert.equal(audit?.verdict, "wrong");
  assert.deepEqual(
    audit?.culprits.map(({ layer, op }) => [layer, op]),
    [["conv2", "Conv2D"]],
  );
});

test("a sample is audited without being explained; a cancel and an unknown run leave nothing behind", async () => {
  const sample = await service.auditSample(request(3));
  assert.equal(sample.audit?.verdict, "confirmed");
  assert.equal(sample.evaluations, 0);
  const explained = await service.explain(request(4));
  const tensors = memory().numTensors;
  const cancel = new AbortController();
  let seen = 0;
  const onProgress = (): void => {
    if (++seen === 12) cancel.abort();
  };
  await assert.rejects(
    service.audit(explained.runId, { signal: cancel.signal, onProgress }),
    (error) => error instanceof PathlightError && error.code === "cancelled",
  );
  assert.equal(memory().numTensors, tensors);
  assert.equal(service.snapshot(explained.runId)?.audit, undefined);
  await assert.rejects(
    service.audit("nobody"),
    (error) => error instanceof PathlightError && error.code === "run-unknown",
  );
});
