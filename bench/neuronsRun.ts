import { monitorEventLoopDelay } from "node:perf_hooks";
import { engine, slice, sum, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { rankByStrength } from "../src/common/mapLayout.ts";
import { ExplainService } from "../src/compute/explainService.ts";
import { computeConservation } from "../src/compute/neurons/conservation.ts";
import { computeNeuronSources } from "../src/compute/neurons/neuronSourcesRun.ts";
import { computeNeurons } from "../src/compute/neurons/neuronsRun.ts";
import type { Run } from "../src/compute/run.ts";
import type { DifferentiableModel } from "../src/engine/port.ts";
import { scoreOf } from "../src/engine/scoreOf.ts";
import { backendPreferenceSchema, explainRequestSchema } from "../src/protocol/explain.ts";
import { neuronSourcesParamsSchema, neuronsParamsSchema } from "../src/protocol/neurons.ts";

/**
 * `neuronsRun.ts MODEL PICTURE BACKEND LAYER POINTS`: a 7×7 grid to every unit of a layer, over that many points of the
 * path, and the sums of all layers, in a process of its own. Prints figures as JSON. The model is loaded before: the panel shows its picture by then.
 */

const [model = "", picture = "", backendName = "", layer = "", points = "9"] = process.argv.slice(2);
const backend = backendPreferenceSchema.parse(backendName);
const service = new ExplainService();

/** Seconds of computing, all threads together: on a machine that others use as well, time on the clock says little. */
function computing(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Median seconds of computing of what is done at several points of the path. */
function median(work: (alpha: number) => void): number {
  work(0.5);
  const times = [0.1, 0.3, 0.5, 0.7, 0.9].map((alpha) => {
    const start = computing();
    work(alpha);
    return computing() - start;
  });
  return times.sort((a, b) => a - b)[2] ?? Number.NaN;
}

/** The gradient of a number with respect to the picture, a forward and a backward pass of what it is computed by. */
function gradientOf({ plan }: Run, read: (feeds: Map<string, Tensor>) => Tensor): (alpha: number) => void {
  const [input] = plan.explained;
  if (input === undefined) throw new Error("There is no input.");
  return (alpha) =>
    tidy(() => {
      const x = tensor(
        input.x.map((value) => alpha * value),
        [1, ...input.shape],
        "float32",
      );
      const { grads } = engine().gradients(() => read(new Map([[input.node, x]])), [x]);
      grads[0]?.dataSync();
    });
}

function unitOf(model: DifferentiableModel, unit: number): (feeds: Map<string, Tensor>) => Tensor {
  return (feeds) => sum(slice((model.evaluate(feeds, [layer])[0] as Tensor).reshape([-1]), [unit], [1]));
}

/** One neuron of the layer through two grids, the second of which takes no evaluation. */
async function sourcesOf(run: Run, model: DifferentiableModel, neuron: number) {
  const ask = async (side: number) => {
    const start = performance.now();
    const began = computing();
    let first: number | undefined;
    const found = await computeNeuronSources(
      run,
      model,
      neuronSourcesParamsSchema.parse({
        ...{ runId: run.id, layer: [layer], node: layer, neuron, maxEvaluations: Number(points) },
        grid: { rows: side, columns: side },
      }),
      { onDraft: () => (first ??= (performance.now() - start) / 1000) },
    );
    return { evaluations: found.evaluations, computing: computing() - began, first: first ?? 0 };
  };
  const [coarse, fine] = [await ask(7), await ask(32)];
  return {
    firstSeconds: coarse.first,
    pointComputing: coarse.computing / coarse.evaluations,
    evaluationsOfFiner: fine.evaluations - coarse.evaluations,
  };
}

const runId = await service.openRun(
  explainRequestSchema.parse({
    model: { path: model },
    samples: [{ sample: { kind: "file", path: picture } }],
    settings: { backend },
  }),
);
const before = process.resourceUsage().maxRSS / 1024;
const params = neuronsParamsSchema.parse({
  runId,
  layer: [layer],
  grid: { rows: 7, columns: 7 },
  maxEvaluations: Number(points),
});
/** The sums of all layers: what a point costs, all looks at them together, and how long nothing else was seen. */
async function strip(run: Run, model: DifferentiableModel) {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  const [start, began] = [performance.now(), computing()];
  let points = 0;
  delay.enable();
  const found = await computeConservation(run, model, {
    onKnown: (known) => {
      points += known.points;
    },
  });
  delay.disable();
  points += found.points;
  return {
    stripPoints: points,
    stripSeconds: (performance.now() - start) / 1000,
    stripPointComputing: (computing() - began) / points,
    stripLongestBlock: delay.max / 1e9,
  };
}

const figures = await service.withRun(runId, {}, async (run, { loaded }) => {
  const explain = median(gradientOf(run, (feeds) => sum(scoreOf(loaded.model, feeds, run.plan.score))));
  const start = performance.now();
  const began = computing();
  let first: { readonly seconds: number; readonly computing: number } | undefined;
  const found = await computeNeurons(run, loaded.model, params, {
    onDraft: () => {
      first ??= { seconds: (performance.now() - start) / 1000, computing: computing() - began };
    },
  });
  const seconds = (performance.now() - start) / 1000;
  const spent = computing() - began;
  const [single] = rankByStrength(found.conductance).order;
  const source = await sourcesOf(run, loaded.model, single ?? 0);
  const units = found.nodes.reduce((all, { shape }) => all + shape.reduce((product, side) => product * side, 1), 0);
  return {
    units,
    neurons: found.conductance.length,
    evaluations: found.evaluations,
    seconds,
    computing: spent,
    firstSeconds: first?.seconds ?? Number.NaN,
    firstComputing: first?.computing ?? Number.NaN,
    // A point with its 50 derivatives, the checks at the end among them; the first has the trial of the derivatives in it.
    pointComputing: (spent - (first?.computing ?? 0)) / Math.max(1, found.evaluations - 1),
    gradientComputing: explain,
    source,
    oneNeuronComputing: median((alpha) => gradientOf(run, unitOf(loaded.model, Math.floor(alpha * units)))(alpha)),
    partition: found.partition.residual,
    conservation: found.conservation.residual,
    featureError: found.featureError,
    method: found.derivatives.method,
    disagreement: found.derivatives.disagreement,
    bytesOnDisk: run.neurons?.store.bytesOnDisk ?? 0,
    beforeMegabytes: before,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
    ...(await strip(run, loaded.model)),
  };
});
await service.dispose();
console.log(JSON.stringify(figures));
process.exit(0);
