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

/** A run that goes on for a quarter of an hour and more, on any machine: whatever is done to it comes in time. */
function endless() {
  return {
    model: { path: path.join(root, "test/fixtures/mobilenet-v2/model.json") },
    samples: [{ sample: { kind: "file" as const, path: path.join(root, "test/fixtures/photographs/coffee.png") } }],
    settings: settingsSchema.parse({ backend: "wasm", rule: "midpoint", steps: 100_000 }),
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
  // The pages of a heap that is collected all the time stay within a few MB; 80 kB kept for each explanation would show, in
  // every hundred. A heap that is laid out anew does so in one.
  const all = [await statisticsAfter(100)];
  const megabytes = () => all.map(({ rss }) => Math.round(rss / 2 ** 20)).join(", ");
  for (let grows = true; grows; ) {
    const before = all.at(-1);
    const now = await statisticsAfter(100);
    all.push(now);
    assert.equal(now.tensors, before?.tensors, "tensors");
    grows = now.rss - (before?.rss ?? 0) >= 8 * 2 ** 20;
    assert.ok(!grows || all.length < 5, `memory went over ${megabytes()} MB`);
  }
});

test("a cancel reaches a run between two batches", async () => {
  const controller = new AbortController();
  const run = started.client.call("explain", endless(), {
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === "progress") controller.abort();
    },
  });
  await assert.rejects(run, { code: "cancelled" });
  assert.equal((await started.client.call("explain", request(2))).status, "converged");
});

test("a process that is killed fails the call that waits for it", async () => {
  const { client, child } = await start();
  const run = client.call("explain", endless(), {
    onEvent: (event) => {
      if (event.type === "progress") child.kill("SIGKILL");
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
