import assert from "node:assert/strict";
import test from "node:test";
import { MessageChannel } from "node:worker_threads";
import { z } from "zod";
import { PathlightError } from "../../../src/common/errors.ts";
import { Client, type Handlers, type Port, serve } from "../../../src/rpc/channel.ts";

const contract = {
  add: { params: z.strictObject({ a: z.number(), b: z.number() }), result: z.number(), event: z.undefined() },
  count: { params: z.strictObject({ to: z.int() }), result: z.int(), event: z.strictObject({ at: z.int() }) },
  wait: { params: z.undefined(), result: z.undefined(), event: z.undefined() },
  fail: { params: z.undefined(), result: z.undefined(), event: z.undefined() },
  lie: { params: z.undefined(), result: z.number(), event: z.undefined() },
  echo: {
    params: z.custom<Float32Array>((value) => value instanceof Float32Array),
    result: z.custom<Float32Array>((value) => value instanceof Float32Array),
    event: z.undefined(),
  },
} as const;

const handlers: Handlers<typeof contract> = {
  add: ({ a, b }) => a + b,
  count: ({ to }, { emit }) => {
    for (let at = 0; at < to; at++) emit({ at });
    return to;
  },
  wait: (_, { signal }) =>
    new Promise((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(new PathlightError("cancelled", "Cancelled."))),
    ),
  fail: () => {
    throw new PathlightError("target-invalid", "No such target.", { expected: "0 to 9", found: "12" });
  },
  // A handler is typed; what it returns at run time may still be wrong.
  lie: () => JSON.parse('"text"'),
  echo: (values) => values,
};

function connect(own = handlers): { client: Client<typeof contract>; close: () => void; posted: Port } {
  const { port1, port2 } = new MessageChannel();
  const port = (end: typeof port1): Port => ({
    post: (message) => end.postMessage(message),
    listen: (listener) => end.on("message", listener),
  });
  serve(contract, port(port1), own);
  const posted = port(port2);
  return { client: new Client(contract, posted), close: () => port1.close(), posted };
}

test("a call is answered with its result", async () => {
  const { client, close } = connect();
  assert.equal(await client.call("add", { a: 2, b: 3 }), 5);
  assert.deepEqual(await client.call("echo", Float32Array.of(1, 2)), Float32Array.of(1, 2));
  close();
});

test("events arrive in order, before the result", async () => {
  const { client, close } = connect();
  const seen: number[] = [];
  assert.equal(await client.call("count", { to: 3 }, { onEvent: ({ at }) => seen.push(at) }), 3);
  assert.deepEqual(seen, [0, 1, 2]);
  close();
});

test("a handler that throws answers with the error, its code and its details", async () => {
  const { client, close } = connect();
  await assert.rejects(client.call("fail", undefined), (error) => {
    assert.ok(error instanceof PathlightError);
    assert.equal(error.code, "target-invalid");
    assert.deepEqual(error.details, { expected: "0 to 9", found: "12" });
    return true;
  });
  close();
});

test("params and results that do not fit the contract are errors, not silence", async () => {
  const { client, close, posted } = connect();
  await assert.rejects(client.call("lie", undefined), { code: "protocol" });
  const wrong = client.call("add", JSON.parse('{"a": 1, "b": "2"}'));
  await assert.rejects(wrong, { code: "protocol" });
  // An event of the wrong shape ends the call with an error.
  const lying: Handlers<typeof contract>["count"] = (_, { emit }) => {
    emit(JSON.parse('{"at": "x"}'));
    return 1;
  };
  const counting = connect({ ...handlers, count: lying });
  await assert.rejects(counting.client.call("count", { to: 1 }, { onEvent: () => undefined }), { code: "protocol" });
  counting.close();
  posted.post({ kind: "call", id: 99, method: "constructor", params: null });
  assert.equal(await client.call("add", { a: 1, b: 1 }), 2);
  close();
});

test("a cancelled call ends with `cancelled`, also when it was cancelled before", async () => {
  const { client, close } = connect();
  const controller = new AbortController();
  const waiting = client.call("wait", undefined, { signal: controller.signal });
  controller.abort();
  await assert.rejects(waiting, { code: "cancelled" });
  await assert.rejects(client.call("wait", undefined, { signal: controller.signal }), { code: "cancelled" });
  close();
});

test("closing fails what is under way and what comes later", async () => {
  const { client, close } = connect();
  const waiting = client.call("wait", undefined);
  assert.deepEqual(client.pendingMethods, ["wait"]);
  client.close(new PathlightError("compute-died", "The compute process ended."));
  await assert.rejects(waiting, { code: "compute-died" });
  await assert.rejects(client.call("add", { a: 1, b: 1 }), { code: "compute-died" });
  close();
});
