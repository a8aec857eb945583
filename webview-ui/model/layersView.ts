import * as z from "zod";
import { ablationValueSchema, layerSchema, patchSchema } from "../../src/protocol/neurons.ts";

/** As many as can be told apart at a glance. */
export const MOST_PATCHES = 4;

/** How the reader looks into the network: kept over a reload of the window, and while only the question changes. */
const known = z.object({
  /** Nodes of the layer that is looked into; null: none is chosen yet. */
  layer: layerSchema.nullable().catch(null),
  patches: z.array(patchSchema).max(MOST_PATCHES).catch([]),
  /** Name of the patch that is moved, resized or added to. */
  patch: z.string().nullable().catch(null),
  /** What neurons are ranked by: the name of a patch, or one of those below. */
  rank: z.string().catch("whole"),
  /** Neurons by their place in the layer, counted over its nodes. */
  neuron: z.int().min(0).nullable().catch(null),
  ticked: z.array(z.int().min(0)).catch([]),
  /** Rows and columns of the grid of patches that a neuron is looked at through. */
  grid: z.int().min(2).max(64).catch(7),
  look: z.enum(["from", "places", "activation", "own"]).catch("from"),
  value: ablationValueSchema.catch("baseline"),
  search: z.string().catch(""),
  /** What Refine has asked for, of the layer that is chosen. */
  tolerance: z.number().positive().nullable().catch(null),
  maxEvaluations: z.int().min(3).nullable().catch(null),
  /** The same of what drives the neuron that is chosen. */
  sourcesEvaluations: z.int().min(3).nullable().catch(null),
});

const fresh = known.parse({});

export const layersViewSchema = known.catch(fresh);

export type LayersView = z.output<typeof known>;

/** Another sample: patches and neurons of the one before mean nothing there; the layer does. */
export function forOtherSample(view: LayersView): LayersView {
  const { layer, grid, look, value } = view;
  return { ...fresh, layer, grid, look, value };
}

/** Another neuron of the layer. */
export function forOtherNeuron(neuron: number): Partial<LayersView> {
  return { neuron, sourcesEvaluations: null };
}

/** Another layer: its neurons are others, the patches of the sample stay. */
export function forOtherLayer(view: LayersView, layer: readonly string[]): LayersView {
  const { neuron, ticked, search, tolerance, maxEvaluations, sourcesEvaluations } = fresh;
  return { ...view, layer: [...layer], neuron, ticked, search, tolerance, maxEvaluations, sourcesEvaluations };
}
