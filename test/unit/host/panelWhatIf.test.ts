import assert from "node:assert/strict";
import test from "node:test";
import { PathlightError } from "../../../src/common/errors.ts";
import { PanelWhatIf } from "../../../src/host/panelWhatIf.ts";
import type { Explanation, TextAttribution } from "../../../src/protocol/explanation.ts";
import type { WhatIfState } from "../../../src/protocol/panel.ts";
import type { WhatIfAnswer, WhatIfEdit } from "../../../src/protocol/whatIf.ts";
import { pairAttribution } from "../webview/harness/textScenes.ts";

const text = pairAttribution("ids", [{ name: null, text: "Who was she?" }], 1);
const shown = (runId: string, attribution: TextAttribution = text): Pick<Explanation, "runId" | "attributions"> => ({
  runId,
  attributions: [attribution],
});
const remove = (...tokens: number[]): WhatIfEdit => [{ kind: "delete", input: "ids", tokens }];

interface Call {
  readonly runId: string;
  readonly edits: readonly WhatIfEdit[];
  readonly signal: AbortSignal | undefined;
  answer(scores: readonly number[]): void;
  fail(error: unknown): void;
}

/** A compute process that answers when it is told to. */
function bench() {
  const calls: Call[] = [];
  let state: WhatIfState | null = null;
  const compute = {
    call: (
      _method: "whatIf",
      { runId, edits }: { runId: string; edits: WhatIfEdit[] },
      { signal }: { signal?: AbortSignal | undefined },
    ) =>
      new Promise<WhatIfAnswer>((resolve, reject) => {
        calls.push({
          runId,
          edits,
          signal,
          fail: reject,
          answer: (scores) =>
            resolve({
              original: { score: 1, target: null },
              results: scores.map((score) => ({
                kind: "measured",
                score,
                target: null,
                predictions: [],
                removed: [],
                texts: [],
                notes: [],
                samples: [{ sample: { kind: "text", text: String(score) } }],
              })),
            }),
        });
      }),
  };
  const whatIf = new PanelWhatIf(compute, (next) => {
    state = next;
  });
  const scores = () => state?.items.map(({ result }) => (result?.kind === "measured" ? result.score : null));
  return { calls, whatIf, scores, state: () => state, settle: () => new Promise((resolve) => setTimeout(resolve)) };
}

test("edits are measured one call at a time; what is asked for meanwhile follows", async () => {
  const { calls, whatIf, scores, state, settle } = bench();
  whatIf.follow(shown("one"));
  assert.deepEqual(state()?.items, []);
  void whatIf.add("one", remove(1));
  void whatIf.add("one", remove(2));
  void whatIf.add("one", remove(1));
  assert.deepEqual([calls.length, state()?.busy, state()?.items.length], [1, true, 2]);
  calls[0]?.answer([0.5]);
  await settle();
  assert.deepEqual(scores(), [0.5, null]);
  assert.deepEqual(calls[1]?.edits, [remove(2)]);
  calls[1]?.answer([0.25]);
  await settle();
  assert.deepEqual([scores(), state()?.busy, state()?.original?.score], [[0.5, 0.25], false, 1]);
  const [first] = state()?.items ?? [];
  assert.deepEqual(whatIf.measured(first?.id ?? "")?.samples[0]?.sample, { kind: "text", text: "0.5" });
  whatIf.remove(first?.id ?? "");
  assert.deepEqual(scores(), [0.25]);
});

test("the same text in another run is measured again, another text has no edits", async () => {
  const { calls, whatIf, scores, state, settle } = bench();
  whatIf.follow(shown("one"));
  void whatIf.add("one", remove(1));
  calls[0]?.answer([0.5]);
  await settle();
  // A refined run is the same run.
  whatIf.follow(shown("one"));
  assert.equal(calls.length, 1);
  whatIf.follow(null);
  whatIf.follow(shown("two"));
  assert.deepEqual([scores(), calls[1]?.runId], [[null], "two"]);
  calls[1]?.answer([0.75]);
  await settle();
  assert.deepEqual(scores(), [0.75]);
  void whatIf.add("one", remove(2));
  assert.equal(state()?.items.length, 1, "an edit of a run that is no longer shown");
  whatIf.follow(shown("three", pairAttribution("ids", [{ name: null, text: "Who was he?" }], 1)));
  assert.deepEqual(state()?.items, []);
  whatIf.follow({ runId: "four", attributions: [] });
  assert.equal(state(), null);
});

test("what comes late for a run that is no longer shown is dropped", async () => {
  const { calls, whatIf, scores, settle } = bench();
  whatIf.follow(shown("one"));
  void whatIf.add("one", remove(1));
  whatIf.follow(shown("two"));
  assert.equal(calls[0]?.signal?.aborted, true);
  calls[0]?.answer([9]);
  calls[1]?.answer([0.5]);
  await settle();
  assert.deepEqual(scores(), [0.5]);
});

test("a cancel keeps what is measured, a failure says what to do and the next run measures", async () => {
  const { calls, whatIf, scores, state, settle } = bench();
  whatIf.follow(shown("one"));
  void whatIf.add("one", remove(1));
  calls[0]?.answer([0.5]);
  await settle();
  void whatIf.add("one", remove(2));
  whatIf.cancel();
  calls[1]?.fail(new PathlightError("cancelled", "Cancelled."));
  await settle();
  assert.deepEqual([scores(), state()?.busy, state()?.error], [[0.5], false, null]);
  void whatIf.add("one", remove(3));
  calls[2]?.fail(new PathlightError("run-unknown", "No longer kept.", { whatToDo: "Run it again." }));
  await settle();
  assert.deepEqual([state()?.error?.code, state()?.busy, scores()], ["run-unknown", false, [0.5, null]]);
  whatIf.follow(shown("two"));
  calls[3]?.answer([0.1, 0.2]);
  await settle();
  assert.deepEqual([scores(), state()?.error], [[0.1, 0.2], null]);
  whatIf.dispose();
});
