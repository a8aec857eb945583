import * as z from "zod";
import { bytesSchema } from "./arrays.ts";
import { auditProgressSchema } from "./audit.ts";
import { backendPreferenceSchema, explainRequestSchema, modelRefSchema, sampleRefSchema } from "./explain.ts";
import { backendInfoSchema, explanationSchema, predictionSchema, producedSchema } from "./explanation.ts";
import { inspectionSchema } from "./inspection.ts";
import { formatSchema, modelSchema } from "./manifest.ts";
import {
  ablateParamsSchema,
  ablationResultSchema,
  conservationSchema,
  neuronDetailSchema,
  neuronSourcesParamsSchema,
  neuronSourcesSchema,
  neuronsParamsSchema,
  neuronsSchema,
  pruneParamsSchema,
  pruningSchema,
  topSamplesSchema,
} from "./neurons.ts";
import { tokenMatrixSchema } from "./tokenMatrix.ts";
import { whatIfAnswerSchema, whatIfParamsSchema } from "./whatIf.ts";

/** Methods of the compute process, called by the extension host. Each has params, a result and, where it streams, an event. */

/** The most that can be set. */
export const MOST_WASM_THREADS = 64;

const nothing = z.undefined();
const nodeSchema = z.strictObject({
  id: z.string(),
  op: z.string(),
  shape: z.array(z.int().nullable()),
  dtype: z.string(),
  /** Trained values that the node reads. */
  parameters: z.int().optional(),
});

export const modelInfoSchema = z.strictObject({
  path: z.string(),
  name: z.string(),
  format: formatSchema,
  fingerprint: z.string(),
  parameterCount: z.int(),
  inputs: z.array(nodeSchema),
  outputs: z.array(nodeSchema),
  heads: z.array(
    z.strictObject({ output: z.string(), activation: z.enum(["softmax", "sigmoid", "none"]), logit: z.string() }),
  ),
  nodes: z.array(nodeSchema),
  /** Absolute: when one of them changes, the model has. */
  files: z.array(z.string()),
  /** Manifest entry read off the model and the files beside it, with a sentence for each thing inferred. */
  inferred: z.strictObject({ entry: modelSchema, baseFolder: z.string(), notes: z.array(z.string()) }),
});

export const runningSchema = z.strictObject({
  evaluations: z.int(),
  rounds: z.int(),
  /** Rough share of the work done, 0 to 1; null when it cannot be told. */
  progress: z.number().nullable(),
  seconds: z.number(),
});

/** What an explanation reports while it runs: first that the model is there, then the predictions, then ever sharper drafts. */
export const explainEventSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("stage"),
    stage: z.enum(["backend", "model", "sample", "explaining"]),
    message: z.string(),
  }),
  /** The model is there; when one of its files (absolute) changes, it has changed. */
  z.strictObject({ type: z.literal("model"), files: z.array(z.string()) }),
  z.strictObject({
    type: z.literal("predicted"),
    runId: z.string(),
    backend: backendInfoSchema,
    /** The explanation as far as it is known: attributions hold the sample and zeros, status is `running`. */
    explanation: explanationSchema,
  }),
  z.strictObject({ type: z.literal("progress"), running: runningSchema }),
  z.strictObject({ type: z.literal("draft"), running: runningSchema, explanation: explanationSchema }),
]);

/** A neuron of a node; `axis` where the usual one is not meant. */
const neuronSchema = z.strictObject({
  node: z.string(),
  axis: z.int().min(0).optional(),
  neuron: z.int().min(0),
});

export const sequenceResultSchema = z.strictObject({
  produced: producedSchema,
  matrix: tokenMatrixSchema,
  seconds: z.number(),
});

export const doctorCheckSchema = z.strictObject({
  name: z.string(),
  state: z.enum(["ok", "missing", "broken", "info"]),
  found: z.string(),
  /** Command or setting that would mend it. */
  fix: z.string().optional(),
});

export const doctorReportSchema = z.strictObject({
  active: backendInfoSchema.nullable(),
  available: z.array(z.enum(["tensorflow", "wasm", "cpu"])),
  checks: z.array(doctorCheckSchema),
});

const neuronsProgress = { evaluations: z.int(), seconds: z.number(), progress: z.number().nullable() };

export const computeContract = {
  hello: {
    params: z.strictObject({
      version: z.string(),
      tensorflowPath: z.string().optional(),
      python: z.string().optional(),
      cacheFolder: z.string().optional(),
      /** Threads that WebAssembly may compute on; absent: a matter of the cores. */
      wasmThreads: z.int().min(0).max(MOST_WASM_THREADS).optional(),
    }),
    result: z.strictObject({ version: z.string(), pid: z.int(), node: z.string() }),
    event: nothing,
  },
  doctor: { params: nothing, result: doctorReportSchema, event: nothing },
  inspectModel: {
    params: z.strictObject({ model: modelRefSchema, backend: backendPreferenceSchema }),
    result: modelInfoSchema,
    event: nothing,
  },
  /** Everything about a model, for people; also of one that cannot be built, where its structure can be read. */
  inspect: {
    params: z.strictObject({ model: modelRefSchema, backend: backendPreferenceSchema }),
    result: inspectionSchema,
    event: z.strictObject({ message: z.string() }),
  },
  /** A SavedModel as a tfjs graph model in the folder `out`, in the user's Python environment. */
  convertSavedModel: {
    params: z.strictObject({ folder: z.string(), out: z.string(), signature: z.string().optional() }),
    result: z.strictObject({ file: z.string() }),
    event: z.strictObject({ message: z.string() }),
  },
  predict: {
    params: z.strictObject({ request: explainRequestSchema }),
    result: z.strictObject({ predictions: z.array(predictionSchema), backend: backendInfoSchema }),
    event: nothing,
  },
  explain: { params: explainRequestSchema, result: explanationSchema, event: explainEventSchema },
  /** Goes on from the nodes that a run already has (also a cancelled one) with a tighter tolerance or a larger budget. */
  refine: {
    params: z.strictObject({ runId: z.string(), tolerance: z.number(), maxEvaluations: z.int() }),
    result: explanationSchema,
    event: explainEventSchema,
  },
  /** Compares the gradients of a run with forward passes; the result is the run with what was found. */
  audit: {
    params: z.strictObject({ runId: z.string() }),
    result: explanationSchema,
    event: auditProgressSchema,
  },
  /** The same run at another grain; no new evaluation. */
  regrain: {
    params: z.strictObject({ runId: z.string(), grain: z.int().min(1) }),
    result: explanationSchema,
    event: nothing,
  },
  /** A run as it stands, for example after a cancel; null when it is not kept (any more). */
  snapshot: {
    params: z.strictObject({ runId: z.string() }),
    result: explanationSchema.nullable(),
    event: nothing,
  },
  release: { params: z.strictObject({ runId: z.string() }), result: nothing, event: nothing },
  /** A small picture of an image sample as PNG, with an attribution laid over it where one is given. */
  thumbnail: {
    params: z.strictObject({
      sample: sampleRefSchema,
      size: z.int().min(8).max(2048),
      overlay: explanationSchema.optional(),
      theme: z.enum(["dark", "light", "high-contrast"]).default("dark"),
    }),
    result: z.strictObject({ png: bytesSchema, width: z.int(), height: z.int() }),
    event: nothing,
  },
  /** Writes explanation.json, attributions-K.npy and report.html into a folder. */
  exportExplanation: {
    params: z.strictObject({
      explanation: explanationSchema,
      request: explainRequestSchema,
      folder: z.string(),
    }),
    result: z.strictObject({ files: z.array(z.string()) }),
    event: nothing,
  },
  /** What the process holds: bytes resident, and tensors alive. For the log, and for tests of leaks. */
  statistics: {
    params: nothing,
    result: z.strictObject({ rss: z.number(), tensors: z.int() }),
    event: nothing,
  },
  /** Edited texts of a run, measured by forward passes. */
  whatIf: {
    params: whatIfParamsSchema,
    result: whatIfAnswerSchema,
    event: z.strictObject({ done: z.int(), total: z.int() }),
  },
  /** What a run's model says without some of its neurons, and the attribution without them. */
  ablate: {
    params: ablateParamsSchema,
    result: ablationResultSchema,
    event: z.strictObject({ stage: z.string(), done: z.number(), total: z.number() }),
  },
  /** The neurons that one patch drives most, or another, or any, switched off a few first, on the sample of a run. */
  prune: {
    params: pruneParamsSchema,
    result: pruningSchema,
    event: z.strictObject({ done: z.int(), total: z.int() }),
  },
  /**
   * For a model that writes a text: every token of it explained, one after the other. The events are the matrix as far
   * as it is known, after each row; a cancel ends it, and what the last event held stands.
   */
  explainSequence: {
    params: explainRequestSchema,
    result: sequenceResultSchema,
    event: z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("stage"), message: z.string() }),
      z.strictObject({ type: z.literal("matrix"), matrix: tokenMatrixSchema, done: z.int(), of: z.int() }),
    ]),
  },
  /** What each token of one text says to each of the other, of a run whose score is the similarity of two; the run with it. */
  tokenPairs: {
    params: z.strictObject({ runId: z.string() }),
    result: explanationSchema,
    event: z.strictObject({ evaluations: z.int() }),
  },
  /**
   * The neurons of a layer, and what patches of the sample give to each; a run need not have been explained. The first
   * draft follows after the first point of the path. What a cancelled question had found is in its last draft.
   */
  neurons: {
    params: neuronsParamsSchema,
    result: neuronsSchema,
    event: z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("draft"), neurons: neuronsSchema }),
      z.strictObject({ type: z.literal("progress"), ...neuronsProgress }),
    ]),
  },
  /**
   * Which parts of the sample drive one neuron of a layer: far less than `neurons` for the same parts, and exact for any
   * number of them. Another grid of the same neuron takes no evaluation. The first draft follows after one point.
   */
  neuronSources: {
    params: neuronSourcesParamsSchema,
    result: neuronSourcesSchema,
    event: z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("draft"), sources: neuronSourcesSchema }),
      z.strictObject({ type: z.literal("progress"), ...neuronsProgress }),
    ]),
  },
  /** Σ conductance of every layer against ΔF; the events are what is known so far, and what the last one held stands. */
  conservation: {
    params: z.strictObject({ runId: z.string() }),
    result: conservationSchema,
    event: conservationSchema,
  },
  /** One neuron at every place, of the last `neurons` of a run. */
  neuronDetail: {
    params: z.strictObject({ runId: z.string(), node: z.string(), neuron: z.int().min(0) }),
    result: neuronDetailSchema,
    event: nothing,
  },
  /** What drives a neuron of a run's model: its activation, over all places or at one, explained as a run of its own. */
  neuronAttribution: {
    params: z.strictObject({ runId: z.string(), ...neuronSchema.shape, place: z.array(z.int().min(0)).optional() }),
    result: explanationSchema,
    event: explainEventSchema,
  },
  /** The samples of a data set on which a neuron is most active, strongest first. */
  topSamples: {
    params: z.strictObject({
      runId: z.string(),
      ...neuronSchema.shape,
      samples: z.array(sampleRefSchema).min(1),
      most: z.int().min(1).max(1000),
    }),
    result: topSamplesSchema,
    event: z.strictObject({ done: z.int(), total: z.int() }),
  },
} as const;

export type ComputeContract = typeof computeContract;
export type ModelInfo = z.output<typeof modelInfoSchema>;
export type SequenceResult = z.output<typeof sequenceResultSchema>;
export type SequenceEvent = z.output<(typeof computeContract)["explainSequence"]["event"]>;
export type Running = z.output<typeof runningSchema>;
export type ExplainEvent = z.output<typeof explainEventSchema>;
export type DoctorReport = z.output<typeof doctorReportSchema>;
export type DoctorCheck = z.output<typeof doctorCheckSchema>;
