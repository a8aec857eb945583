import assert from "node:assert/strict";
import test from "node:test";
import { PathlightError } from "../../../src/common/errors.ts";
import { WorkQueue } from "../../../src/host/workQueue.ts";

type Kind = "sums" | "layer" | "neuron" | "ablation";

interface Started {
  readonly kind: Kind;
  readonly signal: AbortSignal;
  end(error?: unknown): Promise<void>;
}

function bench() {
  const started: Started[] = [];
  const failed: [Kind, unknown][] = [];
  const queue = new WorkQueue<Kind>(["sums", "layer"], {
    onChange: () => undefined,
    onFailure: (kind, error) => failed.push([kind, error]),
  });
  const add = (kind: Kind): void =>
    queue.add({
      kind,
      run: (signal) =>
        new Promise<void>((resolve, reject) => {
          const end = async (error?: unknown): Promise<void> => {
            if (error === undefined) resolve();
            else reject(error);
            await new Promise((done) => setImmediate(done));
          };
          started.push({ kind, signal, end });
        }),
    });
  const kinds = (): Kind[] => started.map(({ kind }) => kind);
  return { queue, started, failed, add, kinds };
}

test("one thing after the other, in the order in which they were asked for", async () => {
  const { queue, started, add, kinds } = bench();
  add("neuron");
  add("ablation");
  assert.deepEqual(kinds(), ["neuron"]);
  assert.deepEqual(queue.kinds, ["neuron", "ablation"]);
  await started[0]?.end();
  assert.deepEqual(kinds(), ["neuron", "ablation"]);
  await started[1]?.end();
  assert.deepEqual(queue.kinds, []);
});

test("the same kind asked for again takes the place of the one before it, under way or waiting", async () => {
  const { queue, started, add, kinds } = bench();
  add("neuron");
  add("ablation");
  add("ablation");
  add("neuron");
  assert.equal(started[0]?.signal.aborted, true);
  assert.deepEqual(queue.kinds, ["ablation", "neuron"]);
  await started[0]?.end(new PathlightError("cancelled", ""));
  assert.deepEqual(kinds(), ["neuron", "ablation"]);
});

test("what makes way is ended, waits behind what it makes way for, and is begun again", async () => {
  const { queue, started, add, kinds } = bench();
  add("sums");
  add("layer");
  assert.equal(started[0]?.signal.aborted, true);
  add("neuron");
  assert.equal(started[1]?.signal.aborted, true);
  add("ablation");
  assert.deepEqual(queue.kinds, ["neuron", "ablation", "layer", "sums"]);
  await started[2]?.end();
  await started[3]?.end();
  assert.deepEqual(kinds(), ["sums", "layer", "neuron", "ablation", "layer"]);
  assert.equal(started[4]?.signal.aborted, false);
  // What waits already is begun in its turn, and nothing makes way for what ranks below it.
  add("sums");
  assert.equal(started[4]?.signal.aborted, false);
  await started[4]?.end();
  assert.equal(kinds().at(-1), "sums");
  assert.deepEqual(queue.kinds, ["sums"]);
});

test("a failure is told and the next goes on; of what was ended nobody hears", async () => {
  const { queue, started, failed, add, kinds } = bench();
  add("ablation");
  add("neuron");
  await started[0]?.end(new PathlightError("usage", "empty"));
  assert.deepEqual(
    failed.map(([kind]) => kind),
    ["ablation"],
  );
  assert.deepEqual(kinds(), ["ablation", "neuron"]);
  assert.equal(queue.cancel("neuron"), true);
  assert.equal(queue.cancel("neuron"), false);
  await started[1]?.end(new PathlightError("internal", "late"));
  assert.equal(failed.length, 1);
  assert.deepEqual(queue.kinds, []);
});
