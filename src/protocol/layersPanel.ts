import * as z from "zod";
import { errorViewSchema } from "./errorView.ts";
import { explanationSchema } from "./explanation.ts";
import {
  ablateParamsSchema,
  ablationResultSchema,
  conservationSchema,
  layerSchema,
  neuronDetailSchema,
  neuronSourcesParamsSchema,
  neuronSourcesSchema,
  neuronsParamsSchema,
  neuronsSchema,
  pruneParamsSchema,
  pruningSchema,
  topSamplesSchema,
} from "./neurons.ts";

/** What the Layers tab asks of the extension host, and what it is told. Nothing of it outlives the run that it is about. */

/** A neuron by its node and its index there. */
const neuronRefSchema = z.strictObject({
  node: z.string(),
  axis: z.int().min(0).optional(),
  neuron: z.int().min(0),
});

const runId = z.string();

export const layersAskSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("conservation"), runId }),
  z.strictObject({ kind: z.literal("neurons"), params: neuronsParamsSchema }),
  z.strictObject({ kind: z.literal("sources"), params: neuronSourcesParamsSchema }),
  z.strictObject({ kind: z.literal("detail"), runId, layer: layerSchema, neuron: neuronRefSchema }),
  z.strictObject({ kind: z.literal("own"), runId, neuron: neuronRefSchema, place: z.array(z.int()).optional() }),
  z.strictObject({ kind: z.literal("top"), runId, neuron: neuronRefSchema }),
  z.strictObject({ kind: z.literal("ablate"), params: ablateParamsSchema }),
  z.strictObject({ kind: z.literal("prune"), params: pruneParamsSchema }),
]);

/** What may be under way or may have failed. */
export const layersWorkSchema = z.enum([
  "conservation",
  "neurons",
  "sources",
  "detail",
  "own",
  "top",
  "ablation",
  "pruning",
]);

export const layersStateSchema = z.strictObject({
  /** The run that everything is about. */
  runId,
  /** What is under way, first the one that computes. `share`: of the work done, null where it cannot be told. */
  busy: z.array(
    z.strictObject({
      work: layersWorkSchema,
      share: z.number().nullable(),
      /** What it has done so far: "12 of 40 samples". */
      said: z.string(),
    }),
  ),
  /** What the user has ended before its end. */
  cancelled: z.array(layersWorkSchema),
  failed: z.array(z.strictObject({ work: layersWorkSchema, error: errorViewSchema })),
  /** The process that had the run is gone: nothing can be asked of it until it is run again. */
  lost: z.boolean(),
});

/** The samples that drive a neuron most, with their names. */
const foundSamplesSchema = z.strictObject({
  neuron: neuronRefSchema,
  samples: topSamplesSchema.shape.samples.element.extend({ title: z.string(), shown: z.boolean() }).array(),
  /** How many were asked. */
  asked: z.int(),
  notes: z.array(z.string()),
});

/** One thing that was found; null: nothing (any more). */
export const layersFoundSchema = z.discriminatedUnion("work", [
  z.strictObject({ work: z.literal("conservation"), value: conservationSchema.nullable() }),
  z.strictObject({ work: z.literal("neurons"), value: neuronsSchema.nullable() }),
  z.strictObject({ work: z.literal("sources"), value: neuronSourcesSchema.nullable() }),
  z.strictObject({
    work: z.literal("detail"),
    value: neuronDetailSchema.extend({ layer: layerSchema }).nullable(),
  }),
  z.strictObject({
    work: z.literal("own"),
    value: z.strictObject({ neuron: neuronRefSchema, explanation: explanationSchema }).nullable(),
  }),
  z.strictObject({ work: z.literal("top"), value: foundSamplesSchema.nullable() }),
  z.strictObject({ work: z.literal("ablation"), value: ablationResultSchema.nullable() }),
  z.strictObject({ work: z.literal("pruning"), value: pruningSchema.nullable() }),
]);

export type NeuronRef = z.output<typeof neuronRefSchema>;
export type LayersAsk = z.output<typeof layersAskSchema>;
export type LayersWork = z.output<typeof layersWorkSchema>;
export type LayersState = z.output<typeof layersStateSchema>;
export type LayersFound = z.output<typeof layersFoundSchema>;
export type FoundSamples = z.output<typeof foundSamplesSchema>;
