import assert from "node:assert/strict";
import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
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

async function start(options: ForkOptions = {}): Promise<Started> {
  const child = fork(path.join(root, "dist/compute.js"), [], { execArgv: [], serialization: "advanced", ...options });
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

test("a hundred explanations do not grow the process", async (t) => {
  const { client, child } = await start({
    // Resident memory is then what is kept, and not what waits for the collector.
    execArgv: ["--expose-gc", "--import", "data:text/javascript,setInterval(globalThis.gc,250).unref()"],
    // A slow machine would start workers on the way, each with a heap of its own; see serviceThreads.test.ts.
    env: { ...process.env, PATHLIGHT_WASM_THREADS: "1" },
  });
  t.after(() => child.kill());
  const statisticsAfter = async (runs: number): Promise<{ rss: number; tensors: number }> => {
    for (let i = 0; i < runs; i++) {
      const result = await client.call("explain", request(i % 12, { target: { kind: "index", index: i % 10 } }));
      assert.notEqual(result.status, "suspect-gradient");
      await client.call("release", { runId: result.runId });
    }
    return await client.call("statistics", undefined);
  };
  const first = await statisticsAfter(100);
  const second = await statisticsAfter(100);
  assert.equal(second.tensors, first.tensors, "tensors");
  // The pages of a heap that is collected all the time stay within a few MB; 80 kB kept for each explanation would show.
  const megabytes = [first.rss, second.rss].map((bytes) => Math.round(bytes / 2 ** 20));
  assert.ok(second.rss - first.rss < 8 * 2 ** 20, `memory went over ${megabytes.join(", ")} MB`);
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
