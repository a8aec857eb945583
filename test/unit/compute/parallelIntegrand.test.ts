import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import test, { before } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { activateBackend } from "../../../src/backend/index.ts";
import { PathlightError } from "../../../src/common/errors.ts";
import type { ScoreTerm } from "../../../src/common/scoreTerm.ts";
import { ParallelIntegrand } from "../../../src/compute/parallel/parallelIntegrand.ts";
import { workerHandlers } from "../../../src/compute/parallel/workerHandlers.ts";
import { WorkerPool } from "../../../src/compute/parallel/workerPool.ts";
import type { WorkerThread } from "../../../src/compute/parallel/workerThread.ts";
import type { ScorePath } from "../../../src/compute/scorePath.ts";
import type { LoadedModel } from "../../../src/models/loadedModel.ts";
import { loadModel } from "../../../src/models/loadModel.ts";
import { readNpy } from "../../../src/samples/index.ts";
import { saveLayers } from "../models/savedLayers.ts";
import { bits, fixtures, points, realThread, withWorkers } from "./parallelSupport.ts";

const digits = path.join(fixtures, "oracle/digits/model/model.json");
const mobileNet = path.join(fixtures, "mobilenet-v2/model.json");
let x: Float32Array;

before(async () => {
  await activateBackend("wasm");
  x = Float32Array.from((await readNpy(path.join(fixtures, "oracle/digits/x0.npy"))).data);
});

/** From black to a digit. */
function digitPath({ model }: LoadedModel, values: Float32Array = x): ScorePath {
  const [input] = model.inputs;
  const [head] = model.heads;
  assert.ok(input !== undefined && head !== undefined);
  return {
    explained: [
      {
        node: input.id,
        shape: input.shape.slice(1).map((side) => side ?? 1),
        x: values,
        baseline: new Float32Array(values.length),
      },
    ],
    held: [],
    target: { fetch: head.logit, index: 3, link: "identity" },
  };
}

test("threads compute what one thread computes, bit by bit", async () => {
  await withWorkers(digits, digitPath, { threads: 3 }, async ({ parallel, single, log, pool }) => {
    assert.equal(parallel.lanes, 3);
    for (const count of [1, 2, 3, 7, 32]) {
      const alphas = points(count);
      assert.deepEqual(bits(await parallel.evaluate(alphas)), bits(await single.evaluate(alphas)), `${count} points`);
    }
    assert.equal(parallel.threads, 3);
    assert.equal(pool.size, 2);
    assert.deepEqual(log, []);
  });
});

test("threads compute an expression over several values as one thread does", async () => {
  const withTerm = (loaded: LoadedModel): ScorePath => {
    const logits: ScoreTerm = { kind: "node", node: loaded.model.heads[0]?.logit ?? "" };
    const at = (index: number): ScoreTerm => ({ kind: "at", of: logits, index: [index] });
    const share: ScoreTerm = {
      kind: "at",
      of: { kind: "call", call: "softmax", args: [logits] },
      index: [3],
    };
    const margin: ScoreTerm = { kind: "binary", operator: "-", left: at(3), right: at(5) };
    return {
      ...digitPath(loaded),
      target: { term: { kind: "binary", operator: "*", left: share, right: margin } },
    };
  };
  await withWorkers(digits, withTerm, { threads: 3 }, async ({ parallel, single, log }) => {
    const alphas = points(7);
    assert.deepEqual(bits(await parallel.evaluate(alphas)), bits(await single.evaluate(alphas)));
    assert.equal(parallel.threads, 3);
    assert.deepEqual(log, []);
  });
});

test("threads compute what one thread computes on MobileNetV2, bit by bit", async () => {
  const photograph = Float32Array.from({ length: 224 * 224 * 3 }, (_, i) => ((i * 7919) % 1009) / 1009);
  const photographPath = (loaded: LoadedModel): ScorePath => digitPath(loaded, photograph);
  await withWorkers(mobileNet, photographPath, { threads: 2 }, async ({ parallel, single }) => {
    const alphas = [0.2, 0.7];
    assert.deepEqual(bits(await parallel.evaluate(alphas)), bits(await single.evaluate(alphas)));
    assert.equal(parallel.threads, 2);
  });
});

/** A model of words and of four more numbers, and a path through the embedding of the words while the numbers are held. */
async function wordsAndNumbers(): Promise<{ file: string; wordsPath: (loaded: LoadedModel) => ScorePath }> {
  const words = tf.input({ shape: [6], dtype: "int32", name: "words" });
  const extra = tf.input({ shape: [4], name: "extra" });
  const embedded = tf.layers.embedding({ inputDim: 11, outputDim: 5 }).apply(words);
  const pooled = tf.layers.globalAveragePooling1d().apply(embedded);
  assert.ok(pooled instanceof tf.SymbolicTensor);
  const joined = tf.layers.concatenate().apply([pooled, extra]);
  const hidden = tf.layers.dense({ units: 9, activation: "tanh" }).apply(joined);
  const out = tf.layers.dense({ units: 3, activation: "softmax" }).apply(hidden);
  assert.ok(out instanceof tf.SymbolicTensor);
  const model = tf.model({ inputs: [words, extra], outputs: out });
  const file = path.join(await saveLayers(model), "model.json");
  model.dispose();
  const wordsPath = (loaded: LoadedModel): ScorePath => {
    const [embedding] = loaded.model.embeddings;
    const [head] = loaded.model.heads;
    assert.ok(embedding !== undefined && head !== undefined);
    const ends = { x: Float32Array.from({ length: 30 }, (_, i) => Math.sin(i)), baseline: new Float32Array(30) };
    return {
      explained: [{ node: embedding.node, shape: [6, 5], ...ends }],
      held: [{ node: "extra", shape: [4], data: Float32Array.from([1, -2, 0.5, 3]), dtype: "float32" }],
      target: { fetch: head.output, index: 1, link: "identity" },
    };
  };
  return { file, wordsPath };
}

test("the path through an embedding, and inputs that are held", async () => {
  const { file, wordsPath } = await wordsAndNumbers();
  await withWorkers(file, wordsPath, { threads: 2 }, async ({ parallel, single, log }) => {
    const alphas = points(9);
    assert.deepEqual(bits(await parallel.evaluate(alphas)), bits(await single.evaluate(alphas)));
    assert.equal(parallel.threads, 2, log.join("\n"));
  });
});

test("a worker that is killed in the middle of its work costs nothing but time", async () => {
  const threads: WorkerThread[] = [];
  const start = (): WorkerThread => {
    const thread = realThread();
    threads.push(thread);
    return thread;
  };
  await withWorkers(digits, digitPath, { threads: 3, start }, async ({ parallel, single, pool, log }) => {
    const alphas = points(64);
    await parallel.evaluate(alphas);
    const running = parallel.evaluate(alphas);
    void threads[0]?.end();
    assert.deepEqual(bits(await running), bits(await single.evaluate(alphas)));
    assert.equal(pool.size, 1);
    assert.equal(log.length, 1);
    assert.match(log[0] ?? "", /^Warning: a worker thread is given up.*ended/);
    assert.deepEqual(bits(await parallel.evaluate(alphas)), bits(await single.evaluate(alphas)));
    assert.equal(pool.size, 1, "it is not replaced");
  });
});

/** A thread that loads a model like any other, and then answers as it is told. */
function fakeThread(
  onEvaluate: (post: (message: unknown) => void, id: number) => void,
  onEnd: () => void = () => {},
): WorkerThread {
  let answer: (message: unknown) => void = () => {};
  let ended: (why: string) => void = () => {};
  return {
    listen: (listener) => {
      answer = listener;
    },
    post: (message) => {
      const { id, method } = message as { id: number; method: string };
      setImmediate(() => {
        if (method === "evaluate") onEvaluate(answer, id);
        else answer({ kind: "result", id, result: undefined });
      });
    },
    onEnd: (listener) => {
      ended = listener;
    },
    end: async () => {
      onEnd();
      ended("it was told to");
    },
  };
}

test("a worker that never answers is given up", async () => {
  let ended = 0;
  const start = (): WorkerThread =>
    fakeThread(
      () => {},
      () => {
        ended++;
      },
    );
  await withWorkers(
    digits,
    digitPath,
    { threads: 2, start, patienceMs: 30 },
    async ({ parallel, single, pool, log }) => {
      const alphas = points(6);
      assert.deepEqual(bits(await parallel.evaluate(alphas)), bits(await single.evaluate(alphas)));
      assert.equal(ended, 1);
      assert.equal(pool.size, 0);
      assert.match(log.join("\n"), /did not answer within/);
      assert.equal(parallel.threads, 1);
    },
  );
});

test("a worker whose values are wrong is found out by the point that both compute", async () => {
  let made = 0;
  const start = (): WorkerThread => {
    made++;
    const thread = realThread();
    return {
      ...thread,
      listen: (listener) =>
        thread.listen((message) => {
          const { result } = message as { result?: { g: Float32Array[] } };
          for (const gradient of result?.g ?? []) gradient[20] = (gradient[20] as number) + 0.01;
          listener(message);
        }),
    };
  };
  await withWorkers(digits, digitPath, { threads: 2, start }, async ({ parallel, single, pool, log }) => {
    const alphas = points(6);
    assert.deepEqual(bits(await parallel.evaluate(alphas)), bits(await single.evaluate(alphas)));
    assert.equal(made, 1);
    assert.equal(pool.size, 0);
    assert.match(log.join("\n"), /differ from those of the main thread/);
  });
});

test("a worker that answers too little, or runs out of memory, is given up", async () => {
  const answers: [RegExp, (id: number) => unknown][] = [
    [/fewer values/, (id) => ({ kind: "result", id, result: { f: new Float64Array(1), g: [] } })],
    [/does not fit the protocol/, (id) => ({ kind: "result", id, result: { f: [1, 2], g: [] } })],
    [
      /does not fit into memory/,
      (id) => ({
        kind: "error",
        id,
        error: { code: "out-of-memory", message: "The batch does not fit into memory.", details: {} },
      }),
    ],
  ];
  for (const [says, answer] of answers) {
    const start = (): WorkerThread => fakeThread((post, id) => post(answer(id)));
    await withWorkers(digits, digitPath, { threads: 2, start }, async ({ parallel, single, pool, log }) => {
      const alphas = points(4);
      assert.deepEqual(bits(await parallel.evaluate(alphas)), bits(await single.evaluate(alphas)));
      assert.equal(pool.size, 0);
      assert.match(log.join("\n"), says);
    });
  }
});

/** How a run ends, as far as a user sees it. */
async function failure(run: Promise<unknown>): Promise<{ code: string; message: string; details: object }> {
  try {
    await run;
  } catch (error) {
    assert.ok(error instanceof PathlightError);
    const { code, message, details } = error;
    return { code, message, details };
  }
  throw new Error("The run did not fail.");
}

test("an error of a worker is the error of one thread, and leaves the worker in use", async () => {
  // Finite at the first points of the path, overflowing at the last ones, which a worker has.
  const huge = (loaded: LoadedModel): ScorePath =>
    digitPath(
      loaded,
      x.map((value) => (value > 0 ? 3e38 : 0)),
    );
  await withWorkers(digits, huge, { threads: 2 }, async ({ parallel, single, pool, log }) => {
    const alphas = [1e-38, 2e-38, 3e-38, 1];
    const alone = await failure(single.evaluate(alphas));
    assert.equal(alone.code, "not-finite");
    assert.deepEqual(await failure(parallel.evaluate(alphas)), alone);
    assert.deepEqual(log, []);
    assert.equal(pool.ready.length, 1);
    const harmless = alphas.slice(0, 3);
    assert.deepEqual(bits(await parallel.evaluate(harmless)), bits(await single.evaluate(harmless)));
    assert.equal(parallel.threads, 2, log.join());
  });
});

test("a model that has changed on disk is refused by the worker", async (context) => {
  const folder = await mkdtemp(path.join(tmpdir(), "pathlight-parallel-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  await cp(path.dirname(digits), folder, { recursive: true });
  const changed = async (): Promise<void> => {
    const file = path.join(folder, "weights.bin");
    const bytes = await readFile(file);
    bytes.writeFloatLE(bytes.readFloatLE(0) + 0.5, 0);
    await writeFile(file, bytes);
  };
  let started: Promise<void> | undefined;
  const start = (): WorkerThread => {
    const thread = realThread();
    // The call that loads the model waits until the file is another one.
    started ??= changed();
    return { ...thread, post: (message) => void started?.then(() => thread.post(message)) };
  };
  await withWorkers(
    path.join(folder, "model.json"),
    digitPath,
    { threads: 2, start },
    async ({ parallel, single, pool, log }) => {
      assert.equal(pool.size, 0);
      assert.match(log.join("\n"), /changed on disk/);
      const alphas = points(3);
      assert.deepEqual(bits(await parallel.evaluate(alphas)), bits(await single.evaluate(alphas)));
    },
  );
});

test("a cancel ends the run at the next batch, and the workers serve the one after", async () => {
  await withWorkers(digits, digitPath, { threads: 2 }, async ({ parallel, single, pool }) => {
    const controller = new AbortController();
    const running = parallel.evaluate(points(8), controller.signal);
    controller.abort();
    await running;
    await assert.rejects(parallel.evaluate(points(8), controller.signal), { code: "cancelled" });
    assert.deepEqual(bits(await parallel.evaluate(points(5))), bits(await single.evaluate(points(5))));
    assert.equal(pool.ready.length, 1);
  });
});

test("workers are started neither for little work nor without memory for them", async () => {
  await withWorkers(digits, digitPath, { threads: 4, paysMs: 1e9 }, async ({ pool, parallel }) => {
    await parallel.evaluate(points(20));
    assert.equal(pool.size, 0);
  });
  await withWorkers(digits, digitPath, { threads: 4, freeBytes: () => 2 ** 20 }, async ({ pool, log, parallel }) => {
    await parallel.evaluate(points(20));
    assert.equal(pool.size, 0);
    assert.equal(log.length, 1, "said once");
    assert.match(log[0] ?? "", /Of 3 workers 0 are started/);
  });
  await withWorkers(digits, digitPath, { threads: 1 }, async ({ pool }) => assert.equal(pool.size, 0));
});

test("a worker that would need much memory is started only where threads were asked for", async (context) => {
  const set = process.env["PATHLIGHT_WASM_THREADS"];
  delete process.env["PATHLIGHT_WASM_THREADS"];
  context.after(() => {
    if (set !== undefined) process.env["PATHLIGHT_WASM_THREADS"] = set;
  });
  const size = async (threads: number | undefined, perPoint: number): Promise<number> => {
    let found = 0;
    await withWorkers(digits, digitPath, { threads: 1 }, async ({ single, fingerprint }) => {
      const freeBytes = () => 2 ** 36;
      const pool = new WorkerPool({ threads, freeBytes, paysMs: -1, start: () => fakeThread(() => {}) });
      pool.use({ path: digits, format: "tfjs-layers", fingerprint })();
      const inner = {
        size: single.size,
        memory: { weights: 0, perPoint },
        evaluate: async (alphas: readonly number[]) => {
          // So long that a worker gets one point at a time.
          await new Promise((resolve) => setTimeout(resolve, 450));
          return single.evaluate(alphas);
        },
      };
      const path = digitPath(await loadModel(digits));
      await new ParallelIntegrand({ inner, pool, path, expected: 100 }).evaluate([0]);
      found = pool.size;
      await pool.dispose();
    });
    return found;
  };
  assert.equal(await size(undefined, 250e6), 0);
  assert.equal(await size(2, 250e6), 1);
  assert.equal(await size(undefined, 50e6), Math.min(availableParallelism(), 8) - 1);
});

test("workers end when nothing has needed them for a while", async () => {
  await withWorkers(digits, digitPath, { threads: 2, idleMs: 20 }, async ({ pool, release }) => {
    const [worker] = pool.ready;
    assert.ok(worker !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(pool.size, 1, "a run is under way");
    release();
    while (pool.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const answer = await worker.evaluate([0.5]);
    assert.ok("error" in answer && answer.error.code === "compute-died");
  });
});

test("workers end with the model that they have", async () => {
  await withWorkers(digits, digitPath, { threads: 2 }, async ({ pool, fingerprint }) => {
    pool.forget("another model");
    assert.equal(pool.size, 1);
    pool.forget(fingerprint);
    assert.equal(pool.size, 0);
  });
  await withWorkers(digits, digitPath, { threads: 2 }, async ({ pool }) => {
    pool.use({ path: digits, format: undefined, fingerprint: "another model" });
    assert.equal(pool.size, 0);
  });
});

test("a worker keeps no tensors of the paths that it has left", async () => {
  const { file, wordsPath } = await wordsAndNumbers();
  const handlers = workerHandlers();
  const context = { signal: new AbortController().signal, emit: () => {} };
  const loaded = await loadModel(file);
  const { fingerprint } = loaded;
  const { explained, held, target } = wordsPath(loaded);
  const description = { explained: [...explained], held: [...held], target };
  loaded.model.dispose();
  await assert.rejects(async () => handlers.evaluate({ alphas: [0.5] }, context), { code: "protocol" });
  await handlers.open({ path: file, fingerprint }, context);
  const counts = new Set<number>();
  for (let i = 0; i < 20; i++) {
    await handlers.begin(description, context);
    await handlers.evaluate({ alphas: points(3) }, context);
    counts.add(tf.memory().numTensors);
  }
  assert.equal(counts.size, 1, [...counts].join(", "));
});
