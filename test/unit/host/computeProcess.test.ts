import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { PathlightError } from "../../../src/common/errors.ts";
import { ComputeProcess, type ComputeProcessOptions } from "../../../src/host/computeProcess.ts";

const entry = fileURLToPath(new URL("fakeCompute.mjs", import.meta.url));

function start(t: TestContext, options: Partial<ComputeProcessOptions> = {}) {
  const log: string[] = [];
  const compute = new ComputeProcess({
    entry,
    hello: async () => ({ version: "0" }),
    log: (line) => log.push(line),
    idleMs: () => 60_000,
    ...options,
  });
  t.after(() => compute.dispose());
  return { compute, log };
}

const isDead = (error: unknown) => error instanceof PathlightError && error.code === "compute-died";
const isCancelled = (error: unknown) => error instanceof PathlightError && error.code === "cancelled";

test("two calls at once share one process", async (t) => {
  const { compute, log } = start(t);
  assert.equal(compute.pid, undefined);
  await Promise.all([compute.call("doctor", undefined), compute.call("doctor", undefined)]);
  assert.equal(log.filter((line) => line.includes("is up")).length, 1);
});

test("when the process dies pending calls fail by name, and the next call starts it again", async (t) => {
  const { compute } = start(t);
  let exits = 0;
  compute.onDidExit(() => exits++);
  const pending = compute.call("snapshot", { runId: "a" });
  const failed = assert.rejects(pending, (error) => isDead(error) && /SIGKILL/.test(String(error)));
  await assert.rejects(compute.call("release", { runId: "a" }), isDead);
  await failed;
  assert.equal(exits, 1);
  const first = compute.pid;
  assert.equal(first, undefined);
  assert.deepEqual((await compute.call("doctor", undefined)).checks, []);
});

test("a cancelled call ends as cancelled", async (t) => {
  const { compute } = start(t);
  const abort = new AbortController();
  const call = compute.call("snapshot", { runId: "a" }, { signal: abort.signal });
  const failed = assert.rejects(call, isCancelled);
  await compute.call("doctor", undefined);
  abort.abort();
  await failed;
  assert.notEqual(compute.pid, undefined);
});

test("a process that does not see the cancel is ended after a grace, and the call is cancelled all the same", async (t) => {
  process.env["FAKE_DEAF"] = "1";
  t.after(() => {
    delete process.env["FAKE_DEAF"];
  });
  const { compute } = start(t, { cancelGraceMs: 30 });
  const abort = new AbortController();
  const call = compute.call("snapshot", { runId: "a" }, { signal: abort.signal });
  const failed = assert.rejects(call, isCancelled);
  await compute.call("doctor", undefined);
  abort.abort();
  await failed;
  assert.equal(compute.pid, undefined);
  await compute.call("doctor", undefined);
});

test("nobody needs it: it ends; a lease keeps it", async (t) => {
  const { compute, log } = start(t, { idleMs: () => 20 });
  const lease = compute.lease();
  await compute.call("doctor", undefined);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.notEqual(compute.pid, undefined);
  lease.dispose();
  lease.dispose();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(compute.pid, undefined);
  assert.ok(log.some((line) => line.includes("nobody needed it")));
});

test("a script that is not there fails the call, not the caller's process", async (t) => {
  const { compute } = start(t, { entry: `${entry}.missing` });
  await assert.rejects(compute.call("doctor", undefined), isDead);
});

test("after disposal every call fails", async (t) => {
  const { compute } = start(t);
  await compute.call("doctor", undefined);
  compute.dispose();
  await assert.rejects(compute.call("doctor", undefined), isDead);
});
