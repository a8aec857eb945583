import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import path from "node:path";
import test, { after, before } from "node:test";
import { PathlightError } from "../../../src/common/errors.ts";
import { type ComputeContract, computeContract } from "../../../src/protocol/compute.ts";
import { settingsSchema } from "../../../src/protocol/explain.ts";
import { Client } from "../../../src/rpc/channel.ts";

/** The built compute process, driven over the channel that the extension host uses. */

const root = path.resolve(import.meta.dirname, "../../..");
const fixtures = path.join(root, "test/fixtures/oracle/digits");

interface Started {
  readonly child: ChildProcess;
  readonly client: Client<ComputeContract>;
}

async function start(): Promise<Started> {
  const child = fork(path.join(root, "dist/compute.js"), [], { execArgv: [], serialization: "advanced" });
  const client = new Client(computeContract, {
    post: (message) => child.send(message as object),
    listen: (listener) => child.on("message", listener),
  });
  child.once("exit", (_, signal) => client.close(new PathlightError("compute-died", `It ended with ${signal}.`)));
  await client.call("hello", { version: "test" });
  return { child, client };
}

function request(sample: number, settings: object = {}) {
  return {
    model: { path: path.join(fixtures, "model/model.json") },
    samples: [{ sample: { kind: "file" as const, path: path.join(fixtures, `x${sample}.npy`) } }],
    settings: settingsSchema.parse({ backend: "wasm", ...settings }),
  };
}

let started: Started;
before(async () => {
  started = await start();
});
after(() => {
  started.child.kill();
});

test("an explanation arrives whole over the channel", async () => {
  const result = await started.client.call("explain", request(0));
  assert.equal(result.status, "converged");
  assert.ok(result.attributions[0]?.values instanceof Float32Array);
  assert.equal(result.backend.name, "wasm");
});

test("a hundred explanations do not grow the process", async () => {
  const memoryAfter = async (runs: number): Promise<number> => {
    for (let i = 0; i < runs; i++) {
      const result = await started.client.call(
        "explain",
        request(i % 12, { target: { kind: "index", index: i % 10 } }),
      );
      assert.notEqual(result.status, "suspect-gradient");
      await started.client.call("release", { runId: result.runId });
    }
    const { rss } = await started.client.call("statistics", undefined);
    return rss;
  };
  const resident = [await memoryAfter(80)];
  const { tensors } = await started.client.call("statistics", undefined);
  for (let round = 0; round < 4; round++) resident.push(await memoryAfter(40));
  assert.equal((await started.client.call("statistics", undefined)).tensors, tensors, "tensors");
  // Resident memory breathes with the collector, so at times it rises; what is kept for good makes it rise every time. To
  // the byte it is measured in explainService.test.ts.
  const growth = resident.slice(1).map((bytes, round) => bytes - (resident[round] ?? 0));
  const megabytes = resident.map((bytes) => Math.round(bytes / 2 ** 20));
  assert.ok(Math.min(...growth) < 16 * 2 ** 20, `memory went over ${megabytes.join(", ")} MB`);
});

test("a cancel reaches a run between two batches", async () => {
  const controller = new AbortController();
  const run = started.client.call("explain", request(1, { tolerance: 1e-6, maxEvaluations: 100_000 }), {
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === "draft") controller.abort();
    },
  });
  await assert.rejects(run, { code: "cancelled" });
  assert.equal((await started.client.call("explain", request(2))).status, "converged");
});

test("a process that is killed fails the call that waits for it", async () => {
  const { client, child } = await start();
  const run = client.call("explain", request(3, { tolerance: 1e-6, maxEvaluations: 100_000 }), {
    onEvent: (event) => {
      if (event.type === "draft") child.kill("SIGKILL");
    },
  });
  await assert.rejects(run, { code: "compute-died" });
});

test("an error keeps its code and what to do", async () => {
  await assert.rejects(started.client.call("explain", request(99)), (error) => {
    assert.ok(error instanceof PathlightError);
    assert.equal(error.code, "sample-not-found");
    assert.match(error.details.file ?? "", /x99\.npy$/);
    assert.ok(error.details.whatToDo);
    return true;
  });
});
