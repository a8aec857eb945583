import assert from "node:assert/strict";
import test from "node:test";
import { PathlightError } from "../../../src/common/errors.ts";
import { WorkQueue } from "../../../src/host/workQueue.ts";

type Kind = "sums" | "patches" | "cells";

interface Started {
  readonly kind: Kind;
  readonly signal: AbortSignal;
  end(error?: unknown): Promise<void>;
}

function bench() {
  const started: Started[] = [];
  const failed: [Kind, unknown][] = [];
  const queue = new WorkQueue<Kind>(["sums"], {
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
  add("patches");
  add("cells");
  assert.deepEqual(kinds(), ["patches"]);
  assert.deepEqual(queue.kinds, ["patches", "cells"]);
  await started[0]?.end();
  assert.deepEqual(kinds(), ["patches", "cells"]);
  await started[1]?.end();
  assert.deepEqual(queue.kinds, []);
});

test("the same kind asked for again takes the place of the one before it, under way or waiting", async () => {
  const { queue, started, add, kinds } = bench();
  add("patches");
  add("cells");
  add("cells");
  add("patches");
  assert.equal(started[0]?.signal.aborted, true);
  assert.deepEqual(queue.kinds, ["cells", "patches"]);
  await started[0]?.end(new PathlightError("cancelled", ""));
  assert.deepEqual(kinds(), ["patches", "cells"]);
});

test("what runs in the background makes way, waits behind all else, and begins anew", async () => {
  const { queue, started, add, kinds } = bench();
  add("sums");
  add("patches");
  assert.equal(started[0]?.signal.aborted, true);
  add("cells");
  assert.deepEqual(queue.kinds, ["patches", "cells", "sums"]);
  await started[1]?.end();
  await started[2]?.end();
  assert.deepEqual(kinds(), ["sums", "patches", "cells", "sums"]);
  assert.equal(started[3]?.signal.aborted, false);
});

test("a failure is told and the next goes on; of what was ended nobody hears", async () => {
  const { queue, started, failed, add, kinds } = bench();
  add("patches");
  add("cells");
  await started[0]?.end(new PathlightError("usage", "empty"));
  assert.deepEqual(
    failed.map(([kind]) => kind),
    ["patches"],
  );
  assert.deepEqual(kinds(), ["patches", "cells"]);
  assert.equal(queue.cancel("cells"), true);
  assert.equal(queue.cancel("cells"), false);
  await started[1]?.end(new PathlightError("internal", "late"));
  assert.equal(failed.length, 1);
  assert.deepEqual(queue.kinds, []);
});
