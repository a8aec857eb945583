import { breathe, throwIfCancelled } from "../../common/cancellation.ts";
import { PathlightError } from "../../common/errors.ts";
import type { NodeId } from "../../engine/port.ts";
import type { ExplainRequest, SampleRef } from "../../protocol/explain.ts";
import { type AblationValue, MOST_MEAN_SAMPLES } from "../../protocol/neurons.ts";
import { neuronAxis } from "../neurons/neuronAxis.ts";
import type { OpenedModel } from "../openedModel.ts";
import { feedOf } from "../prepareInputs.ts";
import type { RunPlan } from "../runPlan.ts";
import { sampleReader } from "../sequence/sampleReader.ts";
import { type LayerField, neuronOf } from "./ablatedLayer.ts";
import { feedsAt, type NodeValue, nodeValues } from "./nodeValues.ts";

/** A node as it is asked for. `axis`: of the neurons where the usual one is not meant; null: each value by itself. */
export interface AskedNode {
  readonly id: NodeId;
  readonly axis?: number | null | undefined;
}

export interface ReplacementOptions {
  readonly value: AblationValue;
  /** What the mean is taken over. */
  readonly samples: readonly SampleRef[];
  readonly signal?: AbortSignal | undefined;
  /** Samples that have been read. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Nodes of a run with what stands in place of their neurons, and what is to be said about it. */
export interface Replacements {
  readonly fields: readonly LayerField[];
  readonly notes: readonly string[];
}

/**
 * What a layer's neurons are replaced by: their activation at the run's baseline x', zero, or the mean over samples of
 * the data set, value by value where all samples give the layer the same shape, else neuron by neuron over all places.
 */
export async function replacements(
  plan: RunPlan,
  opened: OpenedModel,
  asked: readonly AskedNode[],
  options: ReplacementOptions,
): Promise<Replacements> {
  const { model } = opened.loaded;
  const ids = asked.map(({ id }) => id);
  const atSample = await nodeValues(model, feedsAt(plan, "x"), ids);
  const bare = asked.map(({ id, axis: own }, k): Omit<LayerField, "value"> => {
    const { shape = [], values } = atSample[k] ?? {};
    const usual = own === undefined ? neuronAxis(plan.model.format, model.nodes, id, shape) : own;
    const axis = shape.length === 0 ? null : usual;
    if (axis !== null && axis >= shape.length) throw noAxis(id, axis, shape);
    const neurons = axis === null ? (values?.length ?? 0) : (shape[axis] ?? 1);
    return { id, shape, axis, neurons };
  });
  const { values, notes } = await valuesOf(plan, opened, bare, options);
  return { fields: bare.map((field, k) => ({ ...field, value: values[k] as Float32Array })), notes };
}

async function valuesOf(
  plan: RunPlan,
  opened: OpenedModel,
  fields: readonly Omit<LayerField, "value">[],
  options: ReplacementOptions,
): Promise<{ values: Float32Array[]; notes: string[] }> {
  const sizes = fields.map(({ shape }) => shape.reduce((product, side) => product * side, 1));
  if (options.value === "zero") return { values: sizes.map((size) => new Float32Array(size)), notes: [] };
  if (options.value === "mean") return meansOf(plan, opened, fields, options);
  const ids = fields.map(({ id }) => id);
  const found = await nodeValues(opened.loaded.model, feedsAt(plan, "baseline"), ids);
  return { values: found.map(({ values }) => values), notes: [] };
}

async function meansOf(
  plan: RunPlan,
  opened: OpenedModel,
  fields: readonly Omit<LayerField, "value">[],
  { samples, signal, onProgress }: ReplacementOptions,
): Promise<{ values: Float32Array[]; notes: string[] }> {
  if (samples.length === 0) throw noSamples();
  const read = await sampleReader(plan, opened);
  const chosen = evenly(samples, MOST_MEAN_SAMPLES);
  const ids = fields.map(({ id }) => id);
  const places = fields.map((field) => new RunningMean(field));
  for (const [done, sample] of chosen.entries()) {
    throwIfCancelled(signal);
    const inputs = await read(sampleRequest(plan.request, sample), signal);
    const found = await nodeValues(opened.loaded.model, inputs.map(feedOf), ids);
    for (const [k, value] of found.entries()) places[k]?.add(value);
    onProgress?.(done + 1, chosen.length);
    await breathe();
  }
  const notes = [
    `The mean is taken over ${chosen.length} ${chosen.length === 1 ? "sample" : "samples"}${chosen.length < samples.length ? ` of the ${samples.length} in the data set` : ""}.`,
  ];
  for (const place of places) {
    if (!place.isSameShape) {
      notes.push(`Samples give ${place.id} different shapes: each neuron has the mean over all of its places.`);
    }
  }
  return { values: places.map((place) => place.values()), notes };
}

/** The mean over samples, value by value and neuron by neuron, in float64. */
class RunningMean {
  readonly #field: Omit<LayerField, "value">;
  readonly #byValue: Float64Array;
  readonly #byNeuron: Float64Array;
  readonly #counts: Float64Array;
  #samples = 0;
  isSameShape = true;

  constructor(field: Omit<LayerField, "value">) {
    this.#field = field;
    this.#byValue = new Float64Array(field.shape.reduce((product, side) => product * side, 1));
    this.#byNeuron = new Float64Array(field.neurons);
    this.#counts = new Float64Array(field.neurons);
  }

  get id(): NodeId {
    return this.#field.id;
  }

  add({ shape, values }: NodeValue): void {
    const { axis, neurons, id } = this.#field;
    this.isSameShape &&= shape.join() === this.#field.shape.join();
    if (!this.isSameShape && (axis === null || shape[axis] !== neurons)) throw otherNeuronCount(id, shape, this.#field);
    this.#samples++;
    for (const [place, value] of values.entries()) {
      const neuron = neuronOf({ shape, axis }, place);
      this.#byNeuron[neuron] = (this.#byNeuron[neuron] ?? 0) + value;
      this.#counts[neuron] = (this.#counts[neuron] ?? 0) + 1;
      if (this.isSameShape) this.#byValue[place] = (this.#byValue[place] ?? 0) + value;
    }
  }

  values(): Float32Array {
    if (this.isSameShape) return Float32Array.from(this.#byValue, (sum) => sum / this.#samples);
    return Float32Array.from(this.#byValue, (_, place) => {
      const neuron = neuronOf(this.#field, place);
      return (this.#byNeuron[neuron] ?? Number.NaN) / (this.#counts[neuron] ?? 0);
    });
  }
}

/**
 * The request about another sample of the data set. Where the model reads several columns of a row, it reads the same
 * ones of the other row. Throws `usage` where the run is about several files at once.
 */
export function sampleRequest(request: ExplainRequest, sample: SampleRef): ExplainRequest {
  const own = request.samples.map((entry) => entry.sample);
  const isOne = own.length === 1 || own.every((each) => isRowOf(each, own[0]));
  if (!isOne || (own.length > 1 && sample.kind !== "file")) {
    throw new PathlightError("usage", "The model reads several files at once, which a data set does not name.", {
      expected: "a model that reads one file, or columns of one row",
      found: `${own.length} samples`,
      whatToDo: "Replace the neurons by their baseline's activation or by zero.",
    });
  }
  const { blanked: _, ...asked } = request;
  return {
    ...asked,
    // A neuron of this run has one value a sample: of a longer text, what the model says of its start.
    settings: { ...request.settings, long: { kind: "cut" } },
    samples: request.samples.map((entry) => {
      const { sample: before } = entry;
      if (own.length === 1 || sample.kind !== "file" || before.kind !== "file") return { ...entry, sample };
      // The same columns of another row.
      return { ...entry, sample: { ...before, path: sample.path, row: sample.row ?? 0 } };
    }),
  };
}

function isRowOf(a: SampleRef, b: SampleRef | undefined): boolean {
  return a.kind === "file" && b?.kind === "file" && a.path === b.path && a.row !== undefined && a.row === b.row;
}

/** At most that many, from the first to the last. */
function evenly<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, k) => items[Math.round((k * (items.length - 1)) / (most - 1))] as T);
}

function noAxis(id: NodeId, axis: number, shape: readonly number[]): PathlightError {
  return new PathlightError("usage", `The layer ${id} has no axis ${axis}.`, {
    expected: shape.length === 1 ? "axis 0" : `an axis from 0 to ${shape.length - 1} of [${shape.join(", ")}]`,
    found: String(axis),
  });
}

function noSamples(): PathlightError {
  return new PathlightError("usage", "There are no samples to take the mean over.", {
    expected: "a data set in pathlight.json that the sample belongs to",
    found: "none",
    whatToDo: "Describe it under `datasets`, or replace the neurons by their baseline's activation or by zero.",
  });
}

function otherNeuronCount(id: NodeId, shape: readonly number[], field: Omit<LayerField, "value">): PathlightError {
  return new PathlightError("usage", `Samples give ${id} different shapes, so that its values have no mean.`, {
    expected: `[${field.shape.join(", ")}] for every sample`,
    found: `[${shape.join(", ")}]`,
    whatToDo: "Replace the neurons by their baseline's activation or by zero.",
  });
}
