import assert from "node:assert/strict";
import test from "node:test";
import { PathlightError } from "../../../src/common/errors.ts";
import type { LayersCompute } from "../../../src/host/layersCompute.ts";
import { type Neighbour, PanelLayers } from "../../../src/host/panelLayers.ts";
import type { LayersAsk, LayersFound, LayersState, LayersWork } from "../../../src/protocol/layersPanel.ts";
import type { HostToPanel } from "../../../src/protocol/panel.ts";
import { hostToPanelSchema } from "../../../src/protocol/panel.ts";
import { conservation, neurons, patchA, sourcesOf } from "../webview/harness/layerScenes.ts";
import { dateExplanation, dateMatrix } from "../webview/harness/sequences.ts";

interface Call {
  readonly method: keyof LayersCompute;
  readonly params: unknown;
  readonly signal: AbortSignal;
  event(event: unknown): void;
  answer(value: unknown): Promise<void>;
  fail(error: unknown): Promise<void>;
}

/** A compute process that answers when it is told to. */
function bench(neighbours: readonly Neighbour[] = []) {
  const calls: Call[] = [];
  const messages: HostToPanel[] = [];
  const released: string[] = [];
  const compute = new Proxy(
    {},
    {
      get:
        (_target, method: keyof LayersCompute) =>
        (params: unknown, options: { signal: AbortSignal; onEvent?: (event: unknown) => void }) =>
          new Promise((resolve, reject) => {
            const settle = () => new Promise<void>((done) => setImmediate(done));
            calls.push({
              method,
              params,
              signal: options.signal,
              event: (event) => options.onEvent?.(event),
              answer: (value) => {
                resolve(value);
                return settle();
              },
              fail: (error) => {
                reject(error);
                return settle();
              },
            });
          }),
    },
  ) as LayersCompute;
  const layers = new PanelLayers(compute, {
    post: (message) => messages.push(hostToPanelSchema.parse(message)),
    neighbours: async () => neighbours,
    release: (runId) => released.push(runId),
  });
  layers.follow({ runId: "run", evaluations: 85 });
  const state = (): LayersState | null => {
    const last = messages.filter((message) => message.type === "layers").at(-1);
    return last?.type === "layers" ? last.layers : null;
  };
  type ValueOf<W extends LayersWork> = Extract<LayersFound, { work: W }>["value"];
  const found = <W extends LayersWork>(work: W): ValueOf<W> | undefined => {
    const all = messages.flatMap((message) =>
      message.type === "layersFound" && message.found.work === work ? [message.found] : [],
    );
    return all.at(-1)?.value as ValueOf<W> | undefined;
  };
  return { layers, calls, messages, released, state, found };
}

const patches = [{ ...patchA, kind: "patch" as const }];
const answer = (layer = "relu2", change = {}) =>
  neurons({ runId: "run", deltaF: 2, patches, layer: [layer], shape: [6], change });
const params = { runId: "run", layer: ["relu2"], patches: [patchA], grid: null };
const ask = (layer = "relu2"): LayersAsk => ({ kind: "neurons", params: { ...params, layer: [layer] } });
const neuron = { node: "relu2", axis: 0, neuron: 3 };
const askSources = (of = 3): LayersAsk => ({ kind: "sources", params: { ...params, node: "relu2", neuron: of } });

test("sums of the layers come as they are known, make way for what is asked for, and begin anew", async () => {
  const { layers, calls, state, found } = bench();
  layers.ask({ kind: "conservation", runId: "run" });
  calls[0]?.event(conservation("run", 2, 5));
  assert.equal(found("conservation")?.layers.filter(({ state: each }) => each === "waits").length, 17);
  assert.equal(state()?.busy[0]?.said, "over 257 points of the path so far");
  layers.ask(ask());
  assert.equal(calls[0]?.signal.aborted, true);
  assert.deepEqual(
    state()?.busy.map(({ work }) => work),
    ["neurons", "conservation"],
  );
  // What arrives of an ended call is late.
  calls[0]?.event(conservation("run", 2, 22));
  assert.equal(found("conservation")?.layers.at(-1)?.state, "waits");
  await calls[1]?.answer(answer());
  assert.equal(calls[2]?.method, "conservation");
  // It starts from nothing; what was known stays until there is more.
  calls[2]?.event({ ...conservation("run", 2, 0), points: 0 });
  assert.equal(found("conservation")?.layers.filter(({ state: each }) => each === "waits").length, 17);
  await calls[2]?.answer(conservation("run", 2));
  assert.deepEqual(state()?.busy, []);
  assert.equal(found("conservation")?.layers.at(-1)?.state, "cut");
});

test("a draft is shown, its progress told; cancelled it stays as a draft", async () => {
  const { layers, calls, state, found } = bench();
  layers.ask(ask());
  calls[0]?.event({ type: "draft", neurons: answer("relu2", { status: "running" }) });
  calls[0]?.event({ type: "progress", evaluations: 17, seconds: 1, progress: 0.3 });
  assert.equal(found("neurons")?.status, "running");
  assert.deepEqual(state()?.busy, [{ work: "neurons", share: 0.3, said: "17 evaluations" }]);
  layers.cancel("neurons");
  assert.equal(calls[0]?.signal.aborted, true);
  assert.equal(found("neurons")?.status, "cancelled");
  assert.deepEqual(state()?.cancelled, ["neurons"]);
  // Asked for again, it is under way and no longer cancelled.
  layers.ask(ask());
  assert.deepEqual(state()?.cancelled, []);
});

test("what drives a neuron goes before the neurons of the layer, which go on after it", async () => {
  const { layers, calls, state, found } = bench();
  layers.ask({ kind: "conservation", runId: "run" });
  layers.ask(ask());
  calls[1]?.event({ type: "draft", neurons: answer("relu2", { status: "running" }) });
  layers.ask(askSources());
  assert.equal(calls[1]?.signal.aborted, true);
  assert.deepEqual(
    state()?.busy.map(({ work }) => work),
    ["sources", "neurons", "conservation"],
  );
  // The draft is waited for still: it is no draft that has been ended.
  assert.equal(found("neurons")?.status, "running");
  assert.equal(calls[2]?.method, "neuronSources");
  const sources = sourcesOf(answer(), 3);
  calls[2]?.event({ type: "draft", sources: { ...sources, status: "running", featureError: null } });
  assert.equal(found("sources")?.status, "running");
  calls[2]?.event({ type: "progress", evaluations: 17, seconds: 1, progress: 0.3 });
  assert.deepEqual(state()?.busy[0], { work: "sources", share: 0.3, said: "17 evaluations" });
  await calls[2]?.answer(sources);
  assert.deepEqual(found("sources"), sources);
  assert.equal(calls[3]?.method, "neurons");
  await calls[3]?.answer(answer());
  assert.equal(found("neurons")?.status, "converged");
  assert.equal(calls[4]?.method, "conservation");
});

test("another neuron is asked about instead of the one before it; cancelled its draft stays", () => {
  const { layers, calls, state, found } = bench();
  layers.ask(askSources());
  layers.ask(askSources(4));
  assert.equal(calls[0]?.signal.aborted, true);
  calls[1]?.event({ type: "draft", sources: sourcesOf(answer(), 4, { status: "running" }) });
  layers.cancel("sources");
  assert.equal(found("sources")?.status, "cancelled");
  assert.deepEqual(state()?.cancelled, ["sources"]);
});

test("a draft too large to be copied twice is not sent, its progress is", () => {
  const { layers, calls, state, found } = bench();
  layers.ask(ask());
  const huge = answer("relu2", { status: "running" });
  calls[0]?.event({ type: "draft", neurons: { ...huge, values: new Float32Array(1_000_001) } });
  assert.equal(found("neurons"), undefined);
  calls[0]?.event({ type: "progress", evaluations: 9, seconds: 1, progress: null });
  assert.equal(state()?.busy[0]?.said, "9 evaluations");
});

test("with another layer goes what was found of a neuron of the one before", async () => {
  const { layers, calls, found } = bench();
  layers.ask(ask());
  await calls[0]?.answer(answer());
  layers.ask({ kind: "detail", runId: "run", layer: ["relu2"], neuron });
  assert.deepEqual(calls[1]?.params, { runId: "run", node: "relu2", neuron: 3 });
  const places = Float32Array.of(1, 2);
  await calls[1]?.answer({
    node: "relu2",
    neuron: 3,
    places: [2],
    conductance: places,
    values: places,
    activation: places,
    baselineActivation: places,
  });
  assert.deepEqual(found("detail")?.layer, ["relu2"]);
  layers.ask(ask("relu3"));
  assert.equal(found("detail"), null);
  assert.equal(found("neurons"), null);
});

test("a failure is shown with what to do, and the next question is answered all the same", async () => {
  const { layers, calls, state, found } = bench();
  layers.ask(ask());
  layers.ask({ kind: "conservation", runId: "run" });
  await calls[0]?.fail(new PathlightError("usage", "patch A is empty", { whatToDo: "Draw it larger." }));
  assert.deepEqual(
    state()?.failed.map(({ work, error }) => [work, error.title, error.whatToDo]),
    [["neurons", "Patch A is empty", "Draw it larger."]],
  );
  assert.equal(calls[1]?.method, "conservation");
  layers.ask(ask());
  assert.deepEqual(state()?.failed, []);
  assert.equal(found("neurons"), undefined);
});

test("when the run is gone nothing more is asked of it; another run begins with nothing", async () => {
  const { layers, calls, state, found } = bench();
  layers.ask(ask());
  layers.ask({ kind: "conservation", runId: "run" });
  await calls[0]?.fail(new PathlightError("run-unknown", "gone"));
  assert.equal(state()?.lost, true);
  assert.equal(calls.length, 1);
  layers.ask(ask());
  assert.equal(calls.length, 1);
  layers.follow({ runId: "next", evaluations: 13 });
  assert.equal(state(), null);
  // Of the run before: the panel was a moment behind.
  layers.ask(ask());
  assert.equal(calls.length, 1);
  layers.ask({ kind: "conservation", runId: "next" });
  await calls[1]?.answer(conservation("next", 1));
  assert.equal(found("conservation")?.runId, "next");
  // While a run goes on, and for the same run, all stays.
  layers.follow(null);
  layers.follow({ runId: "next", evaluations: 13 });
  assert.equal(found("conservation")?.runId, "next");
});

test("the samples that drive a neuron come with their names, and the one that is shown is known", async () => {
  const samples = ["a.png", "b.png", "c.png"].map((title) => ({
    title,
    sample: { kind: "file" as const, path: `/data/${title}` },
    isShown: title === "b.png",
  }));
  const { layers, calls, state, found } = bench(samples);
  layers.ask({ kind: "top", runId: "run", neuron });
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(calls[0]?.params, {
    runId: "run",
    ...neuron,
    samples: samples.map(({ sample }) => sample),
    most: 12,
  });
  calls[0]?.event({ done: 1, total: 3 });
  assert.equal(state()?.busy[0]?.said, "1 of 3 samples");
  await calls[0]?.answer({
    samples: [
      { index: 2, mean: 3, largest: 5, place: [0, 1] },
      { index: 1, mean: 1, largest: 2, place: [] },
    ],
    notes: ["a.png cannot be read."],
  });
  assert.deepEqual(
    found("top")?.samples.map(({ title, shown }) => [title, shown]),
    [
      ["c.png", false],
      ["b.png", true],
    ],
  );
  assert.equal(layers.neighbour(2)?.title, "c.png");
});

test("without a data set it says so, and asks nobody", async () => {
  const { layers, calls, found } = bench();
  layers.ask({ kind: "top", runId: "run", neuron });
  await new Promise((done) => setImmediate(done));
  await new Promise((done) => setImmediate(done));
  assert.equal(calls.length, 0);
  assert.match(found("top")?.notes[0] ?? "", /no other samples/);
});

test("the mean is taken over the samples beside the one that is shown; for other values none are looked for", async () => {
  const sample = { kind: "file" as const, path: "/data/a.png" };
  const { layers, calls } = bench([{ title: "a.png", sample, isShown: true }]);
  const params = {
    runId: "run",
    ablation: [{ node: "relu2", axis: 0, neurons: [3] }],
    samples: [],
    control: 5,
    attribution: true,
  };
  layers.ask({ kind: "ablate", params: { ...params, value: "mean" } });
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(calls[0]?.params, { ...params, value: "mean", samples: [sample] });
  layers.ask({ kind: "ablate", params: { ...params, value: "zero" } });
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(calls[1]?.params, { ...params, value: "zero" });
});

test("a run that goes on has sharper sums: those before are forgotten, what was found of neurons stays", async () => {
  const { layers, calls, found } = bench();
  layers.ask({ kind: "conservation", runId: "run" });
  await calls[0]?.answer(conservation("run", 2));
  layers.ask(ask());
  await calls[1]?.answer(answer());
  layers.follow({ runId: "run", evaluations: 85 });
  assert.equal(found("conservation")?.runId, "run");
  layers.follow({ runId: "run", evaluations: 151 });
  assert.equal(found("conservation"), null);
  assert.equal(found("neurons")?.runId, "run");
});

test("the run of a neuron's own map is not kept; forgotten neurons are no lost run", async () => {
  const { layers, calls, released, state } = bench();
  layers.ask({ kind: "own", runId: "run", neuron });
  await calls[0]?.answer({ ...dateExplanation(dateMatrix()), runId: "of-the-neuron" });
  assert.deepEqual(released, ["of-the-neuron"]);
  layers.ask({ kind: "detail", runId: "run", layer: ["relu2"], neuron });
  await calls[1]?.fail(new PathlightError("run-unknown", "The neurons of this explanation are no longer kept."));
  assert.equal(state()?.lost, false);
  assert.equal(state()?.failed[0]?.work, "detail");
});
