import { PathlightError } from "../../common/errors.ts";
import { seededRandom } from "../../common/random.ts";
import type { DifferentiableModel } from "../../engine/port.ts";
import { neuronsParamsSchema, type PruneParams, type Pruning } from "../../protocol/neurons.ts";
import { neuronAt } from "../neurons/layerNodes.ts";
import { computeNeurons } from "../neurons/neuronsRun.ts";
import { featuresOf } from "../neurons/regions.ts";
import { byStrength } from "../neurons/strongest.ts";
import type { OpenedModel } from "../openedModel.ts";
import type { Run } from "../run.ts";
import { type FieldChoice, type LayerField, notFiniteNeurons, sample } from "./ablatedLayer.ts";
import { refuseWindows, statistics } from "./ablateRun.ts";
import { type Attributed, attributed, attributedWithout } from "./attributedWithout.ts";
import { replacements } from "./replacements.ts";

const SEED = 20_220_411;

export interface PruneOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

type Point = Pruning["series"][number]["points"][number];

/**
 * The object-wise pruning experiment on one sample (D. Lundstrom, T. Huang, M. Razaviyayn, "A Rigorous Study of
 * Integrated Gradients Method and Extensions to Internal Neuron Attributions", ICML 2022): the neurons that patch A drives
 * most are switched off, a few first, and score and attribution inside A and B are followed; the same by B, and of random
 * neurons as many. Of neurons switched off at random each draw goes on from the one before it with fewer.
 *
 * @throws PathlightError `usage` for counts beyond the layer, and what `computeNeurons` throws.
 */
export async function pruneRun(
  run: Run,
  opened: OpenedModel,
  params: PruneParams,
  { signal, onProgress }: PruneOptions = {},
): Promise<Pruning> {
  const { plan } = run;
  refuseWindows(plan);
  const { model } = opened.loaded;
  const counts = [...new Set(params.counts)].sort((a, b) => a - b);
  const total = 1 + counts.length * (2 + params.control);
  let done = 0;
  const step = (): void => onProgress?.({ done: ++done, total });
  onProgress?.({ done, total });
  const { layer, axis } = params;
  const asked = neuronsParamsSchema.parse({
    ...{ runId: run.id, layer, patches: [params.a, params.b] },
    ...(axis === undefined ? {} : { axis }),
  });
  const found = await computeNeurons(run, model, asked, { signal });
  const neurons = found.conductance.length;
  const { fields, notes } = await replacements(
    plan,
    opened,
    found.nodes.map(({ id, axis: own }) => ({ id, axis: own })),
    {
      ...{ value: params.value, samples: params.samples, signal },
    },
  );
  const unusable = new Set(
    fields.flatMap((field, k) => notFiniteNeurons(field).map((neuron) => (found.nodes[k]?.offset ?? 0) + neuron)),
  );
  const usable = (order: readonly number[]): number[] => order.filter((neuron) => !unusable.has(neuron));
  const [byA, byB] = [0, 1].map((row) => usable(byStrength(found.values.subarray(row * neurons, (row + 1) * neurons))));
  const all = usable(byStrength(new Float32Array(neurons)));
  const most = counts.at(-1) ?? 0;
  for (const order of [byA, byB, all]) if (most > (order?.length ?? 0)) throw tooMany(most, order?.length ?? 0);
  step();

  const features = [params.a, params.b].map(({ name, region }) =>
    featuresOf(plan.explained, region, `The patch ${name}`),
  );
  const bench = new Bench(run, model, fields, found.nodes, features, signal);
  const start = run.integration === null ? await bench.without([]) : attributed(run.integration, features);
  const series: Pruning["series"][number][] = [];
  for (const [by, order] of [
    ["a", byA ?? []],
    ["b", byB ?? []],
  ] as const) {
    const points: Point[] = [];
    for (const count of counts) {
      points.push(pointOf(count, [await bench.without(order.slice(0, count))]));
      step();
    }
    series.push({ by, points });
  }
  const random = seededRandom(SEED);
  const draws = Array.from({ length: params.control }, () => sample(all, most, random));
  const points: Point[] = [];
  for (const count of counts) {
    const drawn: Attributed[] = [];
    for (const draw of draws) {
      drawn.push(await bench.without(draw.slice(0, count)));
      step();
    }
    points.push(pointOf(count, drawn));
  }
  series.push({ by: "random", points });
  const [a = Number.NaN, b = Number.NaN] = start.sums;
  return {
    runId: run.id,
    layer: [...layer],
    start: { score: start.score, a, b },
    series,
    completenessError: Math.max(start.error, bench.largestError),
    notes: [...notes, ...found.notes],
  };
}

/** Switches neurons of a layer off, by their place among those of all its nodes. */
class Bench {
  readonly #run: Run;
  readonly #model: DifferentiableModel;
  readonly #fields: readonly LayerField[];
  readonly #nodes: Parameters<typeof neuronAt>[0];
  readonly #features: readonly Uint32Array[];
  readonly #signal: AbortSignal | undefined;
  largestError = 0;

  constructor(
    run: Run,
    model: DifferentiableModel,
    fields: readonly LayerField[],
    nodes: Parameters<typeof neuronAt>[0],
    features: readonly Uint32Array[],
    signal: AbortSignal | undefined,
  ) {
    this.#run = run;
    this.#model = model;
    this.#fields = fields;
    this.#nodes = nodes;
    this.#features = features;
    this.#signal = signal;
  }

  async without(neurons: readonly number[]): Promise<Attributed> {
    const places = neurons.map((neuron) => neuronAt(this.#nodes, neuron));
    const choices = this.#fields.map((field): FieldChoice => {
      const own = places.filter(({ node }) => node === field.id).map(({ neuron }) => neuron);
      return { field, neurons: own.sort((a, b) => a - b) };
    });
    const found = await attributedWithout(this.#run, this.#model, choices, this.#features, this.#signal);
    this.largestError = Math.max(this.largestError, found.error);
    return found;
  }
}

function pointOf(count: number, drawn: readonly Attributed[]): Point {
  const of = (read: (each: Attributed) => number) => statistics(drawn.map(read));
  const [score, a, b] = [of((each) => each.score), of(({ sums }) => sums[0] ?? 0), of(({ sums }) => sums[1] ?? 0)];
  return {
    count,
    ...{ score: score.mean, a: a.mean, b: b.mean },
    deviation: { score: score.deviation, a: a.deviation, b: b.deviation },
  };
}

function tooMany(asked: number, neurons: number): PathlightError {
  return new PathlightError("usage", `The layer has ${neurons} neurons that can be switched off, not ${asked}.`, {
    expected: `counts up to ${neurons}`,
    found: String(asked),
    whatToDo: "Ask for fewer.",
  });
}
