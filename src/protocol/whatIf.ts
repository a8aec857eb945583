import * as z from "zod";
import { explainRequestSchema } from "./explain.ts";
import { predictionSchema } from "./explanation.ts";

/** What the model says of an edited text, beside what the attributions promise: ablation against attribution. */

const tokens = z.array(z.int().min(0)).min(1);

/** One change of a text of the run. `input`: of its attribution; `tokens`: positions in the attribution's `tokens`. */
export const whatIfChangeSchema = z.discriminatedUnion("kind", [
  /** The tokens stay where they are, with the attribution's `blank` in their place. */
  z.strictObject({ kind: z.literal("blank"), input: z.string(), tokens }),
  /** Their characters leave the text, which is then read anew: what stands behind them moves up. */
  z.strictObject({ kind: z.literal("delete"), input: z.string(), tokens }),
  /** Other characters in their place; the text is read anew. */
  z.strictObject({ kind: z.literal("replace"), input: z.string(), tokens, text: z.string().min(1).max(10_000) }),
]);

/** Changes that are made together. */
export const whatIfEditSchema = z.array(whatIfChangeSchema).min(1).max(256);

export const whatIfParamsSchema = z.strictObject({
  runId: z.string(),
  edits: z.array(whatIfEditSchema).max(256),
});

/** Tokens of an attribution, by their positions. */
export const tokenSetSchema = z.strictObject({ input: z.string(), tokens: z.array(z.int().min(0)) });

export const whatIfResultSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("measured"),
    /** F of the edited text: the target and the link of the run. */
    score: z.number(),
    /** Of the target; null where it is a calculation over several values. */
    target: predictionSchema.nullable(),
    /** The strongest, and the target's. */
    predictions: z.array(predictionSchema),
    /** The tokens of the run that the model no longer reads: what the attributions promise is said of these. */
    removed: z.array(tokenSetSchema),
    /** The fields of the edited inputs as they read now; a blank token stands as its own text. */
    texts: z.array(z.strictObject({ input: z.string(), name: z.string().nullable(), text: z.string() })),
    /** What else changed, a sentence each: text that moved into sight, words that the vocabulary does not have. */
    notes: z.array(z.string()),
    /** What to ask for to explain the edited text by itself. */
    samples: explainRequestSchema.shape.samples,
    blanked: explainRequestSchema.shape.blanked,
  }),
  /** The edit leaves nothing that the model can read, or cannot be made. */
  z.strictObject({
    kind: z.literal("failed"),
    code: z.string(),
    message: z.string(),
    whatToDo: z.string().optional(),
  }),
]);

export const whatIfAnswerSchema = z.strictObject({
  /** The text as it is. */
  original: z.strictObject({ score: z.number(), target: predictionSchema.nullable() }),
  /** One an edit, in their order. */
  results: z.array(whatIfResultSchema),
});

export type WhatIfChange = z.output<typeof whatIfChangeSchema>;
export type WhatIfEdit = z.output<typeof whatIfEditSchema>;
export type WhatIfResult = z.output<typeof whatIfResultSchema>;
export type WhatIfMeasured = Extract<WhatIfResult, { kind: "measured" }>;
export type WhatIfAnswer = z.output<typeof whatIfAnswerSchema>;
