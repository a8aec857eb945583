import * as z from "zod";
import { formatSchema, modelSchema } from "./manifest.ts";

/** What inspecting a model tells: shown in the editor, printed by `pathlight inspect`. */

const shapeSchema = z.array(z.int().nullable()).nullable();

export const inspectedNodeSchema = z.strictObject({
  id: z.string(),
  op: z.string(),
  /** With the batch axis first; null where only running the model would tell. */
  shape: shapeSchema,
  dtype: z.string().nullable(),
  parameters: z.int().optional(),
  /** Pathlight has no such op, or cannot run it inside an explanation. */
  unsupported: z.literal(true).optional(),
  /** What of it is not supported, where Pathlight has the op itself: `groups = 3`, or a sentence. */
  reason: z.string().optional(),
  /** The gradient cannot pass: no gradient exists, or it is zero wherever there is one. */
  noGradient: z.literal(true).optional(),
});

export const inspectedInputSchema = z.strictObject({
  id: z.string(),
  shape: shapeSchema,
  dtype: z.string().nullable(),
  kind: z.enum(["image", "text", "tensor"]),
  /** Its tokens are bytes; false where that is not known. */
  bytes: z.boolean(),
  /** Explained, or held at its value; null where the model cannot be built. */
  explained: z.boolean().nullable(),
  layout: z.enum(["channels-last", "channels-first"]).nullable(),
  /** Embedding of the token ids, where the path runs. */
  embeddings: z.array(z.strictObject({ node: z.string(), vocabularySize: z.int(), dimensions: z.int() })),
});

export const inspectedOutputSchema = z.strictObject({
  id: z.string(),
  shape: shapeSchema,
  dtype: z.string().nullable(),
  /** Null where the model could not be built. */
  activation: z.enum(["softmax", "sigmoid", "none"]).nullable(),
  logit: z.string().nullable(),
});

export const inspectionSchema = z.strictObject({
  path: z.string(),
  name: z.string(),
  format: formatSchema,
  files: z.array(z.strictObject({ path: z.string(), bytes: z.number().nullable() })),
  /** SHA-256 of the files; null where they could not all be read. */
  fingerprint: z.string().nullable(),
  parameterCount: z.int(),
  task: z.enum(["classification", "multi-label", "regression"]).nullable(),
  inputs: z.array(inspectedInputSchema),
  outputs: z.array(inspectedOutputSchema),
  nodes: z.array(inspectedNodeSchema),
  /** Files beside the model that say something about it. */
  companions: z.array(
    z.strictObject({ path: z.string(), what: z.enum(["labels", "tokenizer", "configuration"]), used: z.boolean() }),
  ),
  inferred: z.strictObject({ entry: modelSchema, baseFolder: z.string(), notes: z.array(z.string()) }).nullable(),
  /** Why the gradients could not be tried, a sentence; null: they were. */
  gradientsUntried: z.string().nullable(),
  /** Why the model cannot be built; null: it can. */
  problem: z
    .strictObject({
      code: z.string(),
      message: z.string(),
      expected: z.string().optional(),
      found: z.string().optional(),
      whatToDo: z.string().optional(),
    })
    .nullable(),
});

export type Inspection = z.output<typeof inspectionSchema>;
export type InspectedNode = z.output<typeof inspectedNodeSchema>;
export type InspectedInput = z.output<typeof inspectedInputSchema>;
export type InspectedOutput = z.output<typeof inspectedOutputSchema>;
