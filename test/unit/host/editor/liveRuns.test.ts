import assert from "node:assert/strict";
import test from "node:test";
import { cancelled, PathlightError } from "../../../../src/common/errors.ts";
import { type LiveRunOptions, LiveRuns } from "../../../../src/host/editor/liveRuns.ts";
import type { Explanation } from "../../../../src/protocol/explanation.ts";
import { explanation } from "../../protocol/explanationFixture.ts";

/** Runs that end when they are told to, and a record of what happened in its order. */
function bench() {
  const events: string[] = [];
  const running = new Map<string, { finish(): void; fail(error: Error): void; predict(): void }>();
  let inFlight = 0;
  const explain = ({ key }: { readonly key: string }, { signal, onEvent }: LiveRunOptions): Promise<Explanation> => {
    inFlight++;
    assert.equal(inFlight, 1, "never two at once");
    events.push(`run ${key}`);
    return new Promise<Explanation>((resolve, reject) => {
      running.set(key, {
        finish: () => resolve({ ...explanation, runId: key }),
        fail: reject,
        predict: () =>
          onEvent({
            type: "predicted",
            runId: key,
            backend: explanation.backend,
            explanation: { ...explanation, runId: key },
          }),
      });
      signal.addEventListener("abort", () => {
        events.push(`abort ${key}`);
        reject(cancelled());
      });
    }).finally(() => {
      inFlight--;
    });
  };
  const runs = new LiveRuns(explain, (runId) => events.push(`release ${runId}`), {
    onProgress: ({ key }) => events.push(`progress ${key}`),
    onDone: ({ key }, { runId }) => events.push(`done ${key} ${runId}`),
    onFailed: ({ key }, error) => events.push(`failed ${key} ${error.code}`),
  });
  return { runs, events, running };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("what is wanted last is run next, after what was under way has ended", async () => {
  const { runs, events, running } = bench();
  runs.want({ key: "a" });
  running.get("a")?.predict();
  runs.want({ key: "b" });
  runs.want({ key: "c" });
  await turn();
  running.get("c")?.predict();
  running.get("c")?.finish();
  await turn();
  assert.deepEqual(events, ["run a", "progress a", "abort a", "run c", "progress c", "done c c", "release a"]);
  assert.equal(runs.known("c")?.runId, "c");
  assert.equal(runs.known("a"), undefined);
  runs.dispose();
  assert.equal(events.at(-1), "release c");
});

test("a run that does not stop tells nothing any more, and the next waits for it", async () => {
  const events: string[] = [];
  let finish = (): void => undefined;
  const runs = new LiveRuns<{ readonly key: string }>(
    ({ key }) => {
      events.push(`run ${key}`);
      return new Promise((resolve) => {
        finish = () => resolve({ ...explanation, runId: key });
      });
    },
    () => undefined,
    {
      onProgress: ({ key }) => events.push(`progress ${key}`),
      onDone: ({ key }) => events.push(`done ${key}`),
      onFailed: ({ key }) => events.push(`failed ${key}`),
    },
  );
  runs.want({ key: "deaf" });
  runs.want({ key: "next" });
  await turn();
  assert.deepEqual(events, ["run deaf"]);
  finish();
  await turn();
  assert.deepEqual(events, ["run deaf", "run next"]);
  runs.cancel();
  finish();
  await turn();
  assert.deepEqual(events, ["run deaf", "run next"]);
});

test("a failure is told, and the next text is run all the same", async () => {
  const { runs, events, running } = bench();
  runs.want({ key: "a" });
  running.get("a")?.fail(new PathlightError("sample-empty", "The text is empty."));
  await turn();
  runs.want({ key: "b" });
  running.get("b")?.finish();
  await turn();
  assert.deepEqual(events, ["run a", "failed a sample-empty", "run b", "done b b"]);
});
