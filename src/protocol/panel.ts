import * as z from "zod";
import { bytesSchema } from "./arrays.ts";
import { auditProgressSchema } from "./audit.ts";
import { runningSchema } from "./compute.ts";
import { errorViewSchema } from "./errorView.ts";
import { backendPreferenceSchema, baselineSchema, settingsSchema } from "./explain.ts";
import { explanationSchema } from "./explanation.ts";
import { layersAskSchema, layersFoundSchema, layersStateSchema, layersWorkSchema } from "./layersPanel.ts";
import { whatIfAnswerSchema, whatIfEditSchema, whatIfResultSchema } from "./whatIf.ts";

/** Messages between the extension host and the panel's webview: two closed unions, validated where they arrive. */

const choice = z.strictObject({ id: z.string(), label: z.string(), description: z.string().optional() });

/** An explanation with the picture that it is drawn on. */
export const shownSchema = z.strictObject({
  explanation: explanationSchema,
  /** The original picture, at most 2048 pixels wide or high, as PNG or JPEG bytes; null for text and tensors. */
  picture: z.strictObject({ bytes: bytesSchema, mime: z.string() }).nullable(),
});

export const historyItemSchema = z.strictObject({
  id: z.string(),
  /** ISO time. */
  at: z.string(),
  sample: z.string(),
  model: z.string(),
  target: z.string(),
  baseline: z.string(),
  link: z.string(),
  verdict: z.enum(["reliable", "draft", "low-trust", "precision", "suspect", "no-change"]),
  sumOff: z.number().nullable(),
  evaluations: z.int(),
});

export const comparisonSchema = z.strictObject({
  left: shownSchema,
  right: shownSchema,
  leftLabel: z.string(),
  rightLabel: z.string(),
  /** What differs: "two baselines, same target and score". */
  caption: z.string(),
  /** Spearman correlation of the cells, and share of the strongest tenth that both have; null where shapes differ. */
  rankCorrelation: z.number().nullable(),
  topOverlap: z.number().nullable(),
});

export const panelStateSchema = z.strictObject({
  phase: z.enum(["empty", "loading", "running", "done", "cancelled", "failed"]),
  /** While loading: what is being done, for example "Loading the model". */
  stage: z.string().nullable(),
  sampleTitle: z.string(),
  sampleKind: z.enum(["image", "text", "tensor"]).nullable(),
  modelTitle: z.string(),
  settings: settingsSchema,
  options: z.strictObject({
    /** `id` goes into `setBaseline`. */
    baselines: z.array(choice.extend({ spec: baselineSchema.nullable() })),
    backends: z.array(choice.extend({ preference: backendPreferenceSchema })),
    links: z.array(choice),
    /** The column of a data row that is read as text, where there are several. */
    columns: z.array(choice),
    /** What a target expression can read; shapes are without the batch axis, null where a side is free. */
    outputs: z
      .array(
        z.strictObject({
          id: z.string(),
          shape: z.array(z.int().nullable()),
          logit: z.string(),
          activation: z.enum(["softmax", "sigmoid", "none"]),
        }),
      )
      .optional(),
  }),
  running: runningSchema.nullable(),
  /** While the gradients of what is shown are audited. */
  auditing: auditProgressSchema.nullable(),
  /** Warning threshold of the settings, a fraction. */
  warnAbove: z.number(),
  error: errorViewSchema.nullable(),
  /** What changed on disk since the explanation was made. */
  stale: z.enum(["sample", "model"]).nullable(),
  history: z.array(historyItemSchema),
  /** Id of the history item that is shown. */
  current: z.string().nullable(),
  /** While the tokens of a written text are explained, how many are. */
  sequence: z.strictObject({ done: z.int(), of: z.int() }).nullable().optional(),
  /** While the pairs of tokens of two texts are computed, how many points of their paths have been evaluated. */
  pairing: z.strictObject({ evaluations: z.int() }).nullable().optional(),
});

/** Edits of the text that is shown, with what the model says of them. */
export const whatIfStateSchema = z.strictObject({
  /** The run that they are measured in. */
  runId: z.string(),
  original: whatIfAnswerSchema.shape.original.nullable(),
  items: z.array(
    z.strictObject({
      id: z.string(),
      edit: whatIfEditSchema,
      /** Null while it is not measured. */
      result: whatIfResultSchema.nullable(),
    }),
  ),
  busy: z.boolean(),
  /** Why nothing could be measured. */
  error: errorViewSchema.nullable(),
});

export const hostToPanelSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("state"), state: panelStateSchema }),
  /** Draft or final; null clears. `dimmed`: belongs to the settings before a change. */
  z.strictObject({ type: z.literal("shown"), shown: shownSchema.nullable(), dimmed: z.boolean() }),
  z.strictObject({ type: z.literal("comparison"), comparison: comparisonSchema.nullable() }),
  /** Ask the panel for its map as PNG; it answers with `image` or `imageFailed`. */
  z.strictObject({ type: z.literal("capture"), captureId: z.string() }),
  z.strictObject({ type: z.literal("focus"), band: z.enum(["settings-baseline", "map", "history"]) }),
  /** Null: there is no text that could be edited. */
  z.strictObject({ type: z.literal("whatIf"), whatIf: whatIfStateSchema.nullable() }),
  /** Null: nothing has been asked of the inside of the network. */
  z.strictObject({ type: z.literal("layers"), layers: layersStateSchema.nullable() }),
  z.strictObject({ type: z.literal("layersFound"), found: layersFoundSchema }),
]);

const { shape } = settingsSchema;

/** Only what changed. Without the defaults of `settingsSchema`: zod would fill them in for every setting that is left out. */
export const settingsChangeSchema = z
  .strictObject({
    target: shape.target.unwrap(),
    output: shape.output,
    link: shape.link.unwrap(),
    baseline: shape.baseline,
    method: shape.method.unwrap(),
    rule: shape.rule.unwrap(),
    steps: shape.steps.unwrap(),
    tolerance: shape.tolerance.unwrap(),
    grain: shape.grain,
    maxEvaluations: shape.maxEvaluations.unwrap(),
    backend: shape.backend.unwrap(),
    hold: shape.hold,
    long: shape.long,
  })
  .partial();

export const panelToHostSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  /** A changed setting; the host explains again at once from what is known. */
  z.strictObject({ type: z.literal("set"), settings: settingsChangeSchema }),
  /** `chooseFile`: the user is to pick an image or .npy as the baseline. */
  z.strictObject({ type: z.literal("chooseBaselineFile") }),
  z.strictObject({ type: z.literal("setColumn"), column: z.string() }),
  z.strictObject({ type: z.literal("run") }),
  z.strictObject({ type: z.literal("cancel") }),
  z.strictObject({ type: z.literal("refine"), tolerance: z.number().optional() }),
  /** Compare the gradients of what is shown with forward passes. */
  z.strictObject({ type: z.literal("audit") }),
  z.strictObject({ type: z.literal("cancelAudit") }),
  z.strictObject({ type: z.literal("discard") }),
  z.strictObject({ type: z.literal("explainLogit") }),
  z.strictObject({ type: z.literal("regrain"), grain: z.int() }),
  z.strictObject({ type: z.literal("openHistory"), id: z.string() }),
  z.strictObject({ type: z.literal("deleteHistory"), id: z.string() }),
  z.strictObject({ type: z.literal("compare"), ids: z.tuple([z.string(), z.string()]) }),
  z.strictObject({ type: z.literal("closeComparison") }),
  z.strictObject({ type: z.literal("export"), format: z.enum(["png", "html", "json"]) }),
  z.strictObject({ type: z.literal("image"), captureId: z.string(), png: bytesSchema }),
  z.strictObject({ type: z.literal("imageFailed"), captureId: z.string(), message: z.string() }),
  z.strictObject({ type: z.literal("chooseSample") }),
  z.strictObject({ type: z.literal("chooseModel") }),
  z.strictObject({ type: z.literal("openSample") }),
  z.strictObject({ type: z.literal("openManifest") }),
  z.strictObject({ type: z.literal("showLog") }),
  /** Something went wrong inside the panel; logged by the host. */
  z.strictObject({ type: z.literal("panelError"), message: z.string(), stack: z.string().optional() }),
  /** Explain the tokens of a written text that are not explained yet. */
  z.strictObject({ type: z.literal("explainSequence") }),
  /** Measure an edit of the text that is shown, and keep it. */
  z.strictObject({ type: z.literal("whatIf"), runId: z.string(), edit: whatIfEditSchema }),
  z.strictObject({ type: z.literal("cancelWhatIf") }),
  z.strictObject({ type: z.literal("removeWhatIf"), id: z.string() }),
  /** Explain the edited text by itself, in a panel of its own. */
  z.strictObject({ type: z.literal("explainWhatIf"), id: z.string(), title: z.string() }),
  z.strictObject({ type: z.literal("copy"), text: z.string() }),
  /** The user is to type another text, or to choose a list of stop words, as the baseline. */
  z.strictObject({ type: z.literal("chooseTextBaseline"), what: z.enum(["text", "stop-words"]) }),
  /** Compute what each token of one text says to each of the other, for the similarity of two. */
  z.strictObject({ type: z.literal("tokenPairs") }),
  /** Something about the inside of the network. */
  z.strictObject({ type: z.literal("askLayers"), ask: layersAskSchema }),
  /** Without `work` everything that is under way there. */
  z.strictObject({ type: z.literal("cancelLayers"), work: layersWorkSchema.optional() }),
  /** Explains one of the samples that drive a neuron, by its place among those that were asked. */
  z.strictObject({ type: z.literal("explainNeighbour"), index: z.int().min(0) }),
]);

export type Shown = z.output<typeof shownSchema>;
export type Choice = z.output<typeof choice>;
export type HistoryItem = z.output<typeof historyItemSchema>;
export type Comparison = z.output<typeof comparisonSchema>;
export type WhatIfState = z.output<typeof whatIfStateSchema>;
export type PanelState = z.output<typeof panelStateSchema>;
export type HostToPanel = z.output<typeof hostToPanelSchema>;
export type SettingsChange = z.output<typeof settingsChangeSchema>;
export type PanelToHost = z.output<typeof panelToHostSchema>;
