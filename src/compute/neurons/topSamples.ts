import { breathe, throwIfCancelled } from "../../common/cancellation.ts";
import { errorLine, PathlightError } from "../../common/errors.ts";
import type { SampleRef } from "../../protocol/explain.ts";
import type { TopSamples } from "../../protocol/neurons.ts";
import { nodeValues } from "../ablation/nodeValues.ts";
import { sampleRequest } from "../ablation/replacements.ts";
import type { OpenedModel } from "../openedModel.ts";
import { feedOf } from "../prepareInputs.ts";
import type { Run } from "../run.ts";
import { sampleReader } from "../sequence/sampleReader.ts";
import { neuronNodes } from "./layerNodes.ts";
import { placesOf } from "./neuronDetail.ts";
import { type AskedNeuron, noNeuron } from "./neuronScore.ts";
import { refuseWindows } from "./refuseWindows.ts";

export interface TopSamplesOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

/** Sentences about samples that could not be read; the rest is counted. */
const MOST_NOTES = 5;

/**
 * The samples on which a neuron is most active, by the mean over its places, strongest first. A sample that cannot be
 * read is left out and said.
 *
 * @throws PathlightError `cancelled`, `usage` for a neuron that is not there, and where no sample can be read its error.
 */
export async function topSamples(
  run: Run,
  opened: OpenedModel,
  { node: id, axis, neuron }: AskedNeuron,
  samples: readonly SampleRef[],
  most: number,
  { signal, onProgress }: TopSamplesOptions = {},
): Promise<TopSamples> {
  const { plan } = run;
  refuseWindows(plan);
  const { model } = opened.loaded;
  const read = await sampleReader(plan, opened);
  const spec = model.nodes.find((each) => each.id === id);
  const found: TopSamples["samples"] = [];
  const failures: PathlightError[] = [];
  for (const [index, sample] of samples.entries()) {
    throwIfCancelled(signal);
    try {
      const inputs = await read(sampleRequest(plan.request, sample), signal);
      const [value] = await nodeValues(model, inputs.map(feedOf), [id]);
      if (value === undefined || spec === undefined) throw new PathlightError("internal", `No value of ${id}.`);
      const activation = { spec, shape: value.shape, input: value.values, baseline: value.values };
      const [node] = neuronNodes([activation], model.nodes, plan.model.format, axis);
      if (node === undefined || neuron >= node.count) throw noNeuron(id, neuron, node?.count ?? 0);
      const places = placesOf(node, neuron).map((place) => value.values[place] ?? Number.NaN);
      const mean = places.reduce((sum, each) => sum + each, 0) / places.length;
      const at = places.reduce((best, each, k) => (each > (places[best] ?? Number.NaN) ? k : best), 0);
      if (!Number.isFinite(mean)) throw notFinite(id, neuron, index);
      const sides = node.shape.filter((_, k) => k !== node.axis);
      found.push({ index, mean, largest: places[at] ?? Number.NaN, place: coordinates(at, sides) });
    } catch (error) {
      const isOfSample = error instanceof PathlightError && isAboutSample(error);
      if (!isOfSample) throw error;
      failures.push(error);
    }
    onProgress?.({ done: index + 1, total: samples.length });
    await breathe();
  }
  const [first] = failures;
  if (found.length === 0 && first !== undefined) throw first;
  const notes = failures.slice(0, MOST_NOTES).map(errorLine);
  const more = failures.length - notes.length;
  if (more > 0) notes.push(`${more} more ${more === 1 ? "sample" : "samples"} could not be read.`);
  return { samples: found.sort((a, b) => b.mean - a.mean).slice(0, most), notes };
}

/** What is wrong with one sample says nothing about the others. */
function isAboutSample({ code }: PathlightError): boolean {
  return code.startsWith("sample-") || code === "not-finite";
}

function coordinates(index: number, sides: readonly number[]): number[] {
  const place: number[] = [];
  let rest = index;
  for (const side of sides.toReversed()) {
    place.unshift(rest % side);
    rest = Math.floor(rest / side);
  }
  return place;
}

function notFinite(id: string, neuron: number, index: number): PathlightError {
  return new PathlightError("not-finite", `Neuron ${neuron} of ${id} is not finite on sample ${index}.`, {
    whatToDo: "Check the sample and the weights before that layer.",
  });
}
