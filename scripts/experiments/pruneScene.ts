import { seededRandom } from "../../src/common/random.ts";
import { type LayerField, sample } from "../../src/compute/ablation/ablatedLayer.ts";
import { attributedWithout } from "../../src/compute/ablation/attributedWithout.ts";
import { replacements } from "../../src/compute/ablation/replacements.ts";
import { neuronDetail, placesOf } from "../../src/compute/neurons/neuronDetail.ts";
import { computeNeurons } from "../../src/compute/neurons/neuronsRun.ts";
import { featuresOf } from "../../src/compute/neurons/regions.ts";
import { byStrength } from "../../src/compute/neurons/strongest.ts";
import type { OpenedModel } from "../../src/compute/openedModel.ts";
import type { Run } from "../../src/compute/run.ts";
import { neuronsParamsSchema } from "../../src/protocol/neurons.ts";
import { regionOf, type SceneBench, type TwoDigits } from "./twoDigitScenes.ts";

/** A layer of the model, and whether its neurons are single values or channels. */
export interface PrunedLayer {
  readonly node: string;
  readonly units: boolean;
  /** How many are switched off. */
  readonly counts: readonly number[];
}

/** Score of a digit and Σ attribution inside its own box. */
export interface DigitState {
  readonly score: number;
  readonly attribution: number;
}

/** What is left of a digit when neurons are switched off: its own, the other digit's, or any. */
export interface PrunedState {
  readonly count: number;
  readonly own: DigitState;
  readonly other: DigitState;
  readonly random: DigitState;
  /** Of single values: any that stand where the digit stands. */
  readonly nearby: DigitState | null;
}

export interface PrunedScene {
  readonly start: DigitState;
  readonly states: readonly PrunedState[];
  /** The largest completeness error behind it, in units of the logit. */
  readonly error: number;
}

const DRAWS = 2;

/**
 * The experiment on one scene, each digit in turn being the one whose neurons are switched off: neurons of the layer by
 * what the digit's box gives them on the way to the digit's logit. Means over the two digits.
 */
export async function pruneScene(
  bench: SceneBench,
  scene: TwoDigits,
  layer: PrunedLayer,
  seed: number,
): Promise<PrunedScene> {
  const { service } = bench;
  const runs: string[] = [];
  for (const { digit } of scene.boxes) runs.push(await service.openRun(bench.request(scene, digit)));
  let error = 0;
  const size = await sizeOf(bench, runs[0] ?? "", layer);
  const random = seededRandom(seed);
  const all = Array.from({ length: size }, (_, neuron) => neuron);
  const most = Math.max(...layer.counts);
  const draws = Array.from({ length: DRAWS }, () => sample(all, most, random));
  const near = layer.units
    ? scene.boxes.map((box) => {
        const pool = unitsInside(box);
        return sample(pool, Math.min(most, pool.length), random);
      })
    : null;
  const orders: (readonly number[])[] = [];
  for (const [at, box] of scene.boxes.entries()) {
    orders.push(await service.withRun(runs[at] ?? "", {}, (run, opened) => orderOf(run, opened, layer, box)));
  }
  /** The state of one digit without some neurons. */
  const state = (digit: number, neurons: readonly number[]): Promise<DigitState> =>
    service.withRun(runs[digit] ?? "", {}, async (run, opened) => {
      const [field] = await fieldsOf(run, opened, layer);
      const features = featuresOf(run.plan.explained, regionOf(scene.boxes[digit] as TwoDigits["boxes"][0]), "The box");
      const chosen = field === undefined ? [] : [{ field, neurons: [...neurons].sort((a, b) => a - b) }];
      const found = await attributedWithout(run, opened.loaded.model, chosen, [features], undefined);
      error = Math.max(error, found.absoluteError);
      return { score: found.score, attribution: found.sums[0] ?? Number.NaN };
    });
  const start = mean([await state(0, []), await state(1, [])]);
  const states: PrunedState[] = [];
  for (const count of layer.counts) {
    const without = (digit: number, order: readonly number[] | undefined) =>
      state(digit, (order ?? []).slice(0, count));
    states.push({
      count,
      own: mean([await without(0, orders[0]), await without(1, orders[1])]),
      other: mean([await without(1, orders[0]), await without(0, orders[1])]),
      nearby: near === null ? null : mean([await without(0, near[0]), await without(1, near[1])]),
      random: mean(await inTurn(draws.flatMap((draw) => [() => without(0, draw), () => without(1, draw)]))),
    });
  }
  for (const run of runs) service.release(run);
  return { start, states, error };
}

async function orderOf(
  run: Run,
  { loaded }: OpenedModel,
  layer: PrunedLayer,
  box: TwoDigits["boxes"][0],
): Promise<number[]> {
  const patches = [{ name: String(box.digit), region: regionOf(box) }];
  const params = neuronsParamsSchema.parse({ runId: run.id, layer: [layer.node], patches });
  const found = await computeNeurons(run, loaded.model, params);
  const [node] = found.nodes;
  if (node === undefined) throw new Error(`${layer.node} has no neurons.`);
  if (!layer.units) return byStrength(found.values);
  const values = new Float64Array(node.shape.reduce((product, side) => product * side, 1));
  for (let channel = 0; channel < node.count; channel++) {
    const detail = neuronDetail(run, node.id, channel).values;
    for (const [at, place] of placesOf(node, channel).entries()) values[place] = detail[at] ?? Number.NaN;
  }
  return byStrength(values);
}

async function fieldsOf(run: Run, opened: OpenedModel, { node, units }: PrunedLayer): Promise<readonly LayerField[]> {
  const asked = units ? { id: node, axis: null } : { id: node };
  return (await replacements(run.plan, opened, [asked], { value: "baseline", samples: [] })).fields;
}

/** Values of `conv3`, 12 × 12 places of 48 channels, each place over 4 × 4 pixels, whose middle lies in the box. */
function unitsInside({ x, y, width, height }: TwoDigits["boxes"][0]): number[] {
  const [side, pixels, channels] = [12, 4, 48];
  return Array.from({ length: side * side * channels }, (_, unit) => unit).filter((unit) => {
    const place = Math.floor(unit / channels);
    const [row, column] = [Math.floor(place / side), place % side].map((at) => (at + 0.5) * pixels);
    return (row ?? 0) >= y && (row ?? 0) < y + height && (column ?? 0) >= x && (column ?? 0) < x + width;
  });
}

function sizeOf({ service }: SceneBench, run: string, layer: PrunedLayer): Promise<number> {
  return service.withRun(run, {}, async (own, opened) => (await fieldsOf(own, opened, layer))[0]?.neurons ?? 0);
}

function mean(states: readonly DigitState[]): DigitState {
  const of = (read: (state: DigitState) => number) =>
    states.reduce((sum, state) => sum + read(state), 0) / states.length;
  return { score: of(({ score }) => score), attribution: of(({ attribution }) => attribution) };
}

async function inTurn<T>(tasks: readonly (() => Promise<T>)[]): Promise<T[]> {
  const found: T[] = [];
  for (const task of tasks) found.push(await task());
  return found;
}
