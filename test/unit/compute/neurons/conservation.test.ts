import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../../src/common/errors.ts";
import { ExplainService } from "../../../../src/compute/explainService.ts";
import { computeConservation } from "../../../../src/compute/neurons/conservation.ts";
import type { Run } from "../../../../src/compute/run.ts";
import type { DifferentiableModel } from "../../../../src/engine/port.ts";
import { explainRequestSchema } from "../../../../src/protocol/explain.ts";
import { ablateParamsSchema, type Conservation } from "../../../../src/protocol/neurons.ts";

const digits = fileURLToPath(new URL("../../../fixtures/oracle/digits/", import.meta.url));
const service = new ExplainService({ workers: { threads: 1 } });
test.after(() => service.dispose());

async function explained(): Promise<string> {
  const { runId } = await service.explain(
    explainRequestSchema.parse({
      model: { path: join(digits, "model/model.json") },
      samples: [{ sample: { kind: "file", path: join(digits, "x1.npy") } }],
      settings: { backend: "wasm", tolerance: 0.005 },
    }),
  );
  return runId;
}

/** The same model; says of each pass how many intervals of the path it goes over. */
function watched(model: DifferentiableModel, onPass: (intervals: number) => void): DifferentiableModel {
  const { inputs, outputs, nodes, heads, embeddings, parameterCount } = model;
  return {
    ...{ inputs, outputs, nodes, heads, embeddings, parameterCount },
    evaluate: (feeds, fetches) => {
      // Layers are asked for one after the other; the scores of both ends are the whole model at once.
      if (fetches.includes("conv1")) onPass((feeds.get("conv1_input")?.shape[0] ?? 0) - 1);
      return model.evaluate(feeds, fetches);
    },
    firstNonFiniteNode: (feeds) => model.firstNonFiniteNode(feeds),
    dispose: () => undefined,
  };
}

interface Asked {
  readonly found: Conservation;
  readonly intervals: number;
  readonly cancels: number;
  /** Of each look at the layers. */
  readonly points: readonly number[];
  readonly progress: readonly { readonly done: number; readonly of: number }[];
}

/** Asks until it is answered, cancelled in every pass that `stop` says; the intervals of all passes that were made. */
async function ask(
  runId: string,
  {
    stop = () => false,
    before,
  }: { readonly stop?: (pass: number) => boolean; readonly before?: (run: Run) => void } = {},
): Promise<Asked> {
  let [intervals, passes, cancels] = [0, 0, 0];
  const points = new Set<number>();
  const progress: { done: number; of: number }[] = [];
  for (;;) {
    const controller = new AbortController();
    try {
      const found = await service.withRun(runId, {}, (run, { loaded }) => {
        if (passes === 0) before?.(run);
        const model = watched(loaded.model, (more) => {
          intervals += more;
          if (stop(++passes)) controller.abort();
        });
        return computeConservation(run, model, {
          signal: controller.signal,
          onProgress: (done, of) => progress.push({ done, of }),
          onKnown: (known) => known.points > 0 && points.add(known.points),
        });
      });
      return { found, intervals, cancels, points: [...points, found.points], progress };
    } catch (error) {
      assert.ok(error instanceof PathlightError && error.code === "cancelled", String(error));
      cancels++;
      assert.ok(cancels < 200, "it does not go on");
    }
  }
}

/** As near as float64 sums in another order are. */
function same(found: Conservation, expected: Conservation): void {
  assert.equal(found.points, expected.points);
  for (const [k, { node, state, sum, concentration }] of found.layers.entries()) {
    const other = expected.layers[k];
    assert.deepEqual([node, state], [other?.node, other?.state]);
    assert.ok(Math.abs((sum ?? Number.NaN) - (other?.sum ?? Number.NaN)) <= 1e-6 * Math.abs(expected.deltaF), node);
    assert.ok(Math.abs((concentration ?? Number.NaN) - (other?.concentration ?? Number.NaN)) <= 1e-6, node);
  }
}

const forget = (run: Run): void => {
  run.conservation = undefined;
};

test("conservation goes on from what a cancelled one has summed: no stretch of the path twice, none left out", async () => {
  const runId = await explained();
  const before = tf.memory().numTensors;
  const whole = await ask(runId, { before: forget });
  const stages = whole.points.reduce((sum, points) => sum + points - 1, 0);
  assert.equal(whole.intervals, stages);
  assert.ok(whole.points.length >= 2, String(whole.points));
  const cancelled = await ask(runId, { before: forget, stop: () => true });
  assert.ok(cancelled.cancels >= 3, `cancelled ${cancelled.cancels} times`);
  same(cancelled.found, whole.found);
  assert.equal(cancelled.intervals, stages);
  // What a pass has added stays added: progress never goes back within the same points.
  for (const [k, { done, of }] of cancelled.progress.entries()) {
    const last = cancelled.progress[k - 1];
    assert.ok(done <= of && (last?.of !== of || done > last.done), `${done} of ${of} after ${last?.done}`);
  }
  assert.equal(cancelled.progress.filter(({ done, of }) => done === of).length, whole.points.length);
  // The seconds of those that were cancelled count.
  assert.ok(cancelled.found.seconds > 0);
  // Once it is known, it is not computed again.
  const again = await ask(runId);
  same(again.found, whole.found);
  assert.equal(again.intervals, 0);
  assert.equal(tf.memory().numTensors, before, "tensors are left behind");
  service.release(runId);
});

test("with more points of the path it begins anew, whatever was summed over those before", async () => {
  const runId = await explained();
  // Cancelled once, in the middle of the second stage.
  const controller = new AbortController();
  const cancelled = service.withRun(runId, {}, (run, { loaded }) => {
    let passes = 0;
    const model = watched(loaded.model, () => ++passes === 3 && controller.abort());
    return computeConservation(run, model, { signal: controller.signal });
  });
  await assert.rejects(cancelled, /Cancelled/);
  const { evaluations } = await service.refine(runId, 0.0005, 513);
  const refined = await ask(runId);
  const fresh = await ask(runId, { before: forget });
  same(refined.found, fresh.found);
  assert.equal(refined.intervals, fresh.intervals);
  assert.ok(refined.points.includes(Math.min(129, evaluations)), `${refined.points} of ${evaluations}`);
  service.release(runId);
});

test("without some neurons there are sums of their own: those of the model as it is stay what they are", async () => {
  const runId = await explained();
  const whole = await ask(runId);
  const ablation = [{ node: "relu2", neurons: [0, 1, 2, 3] }];
  const { explanations } = await service.ablate(
    runId,
    ablateParamsSchema.parse({ runId, ablation, control: 0, attribution: true }),
  );
  const ablated = explanations?.after.runId ?? "";
  assert.notEqual(ablated, runId);
  const without = await ask(ablated, { stop: (pass) => pass === 2 });
  const fresh = await ask(ablated, { before: forget });
  same(without.found, fresh.found);
  assert.equal(without.intervals, fresh.intervals);
  // It adds up to its own change of the score, which is another.
  assert.ok(Math.abs(without.found.deltaF - whole.found.deltaF) > 0.01 * Math.abs(whole.found.deltaF));
  assert.ok((without.found.largestResidual ?? 1) < 0.02, String(without.found.largestResidual));
  const again = await ask(runId);
  assert.equal(again.intervals, 0);
  same(again.found, whole.found);
  service.release(runId);
  service.release(ablated);
});
