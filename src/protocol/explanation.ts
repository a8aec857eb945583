import * as z from "zod";
import { float32Schema as float32, float64Schema as float64 } from "./arrays.ts";
import { auditSchema } from "./audit.ts";
import { baselineSchema, methodSchema, ruleSchema } from "./explain.ts";
import { formatSchema, linkSchema } from "./manifest.ts";
import { statusSchema } from "./status.ts";
import { type Token, tokenSchema } from "./token.ts";
import { tokenMatrixSchema } from "./tokenMatrix.ts";

/** What comes back: the numbers of the trust strip, the path, and the attributions in the form that they are read in. */

export const predictionSchema = z.strictObject({
  index: z.int(),
  label: z.string(),
  /** Probability behind a softmax or sigmoid, else the raw output. */
  score: z.number(),
  logit: z.number(),
});

export const backendInfoSchema = z.strictObject({
  name: z.enum(["tensorflow", "wasm", "cpu"]),
  version: z.string(),
  /** What computed, for example "CPU", "GPU 0", "CPU · SIMD". */
  device: z.string(),
  /** One line on why not a faster one. */
  note: z.string().optional(),
});

export const intervalSchema = z.strictObject({
  from: z.number(),
  to: z.number(),
  /** Absolute error that is thought to lie in the interval, and its share of the whole. */
  error: z.number(),
  share: z.number(),
});

export const pathSchema = z.strictObject({
  alphas: float64,
  /** F at each alpha. */
  scores: float64,
  /** The fewest intervals that hold most of the error, adjacent ones merged. */
  worst: z.array(intervalSchema),
});

/** Where the model's picture lies in the original: the model saw the rectangle [x, y, width, height] (pixels of the original). */
export const cropSchema = z.strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });

export const imageAttributionSchema = z.strictObject({
  kind: z.literal("image"),
  input: z.string(),
  /** Shape of the model's input without the batch axis. */
  shape: z.array(z.int()),
  /** Size of the picture as the model saw it. */
  height: z.int(),
  width: z.int(),
  /** Size of the original after EXIF orientation, and the part that the model saw (may reach outside for fit `pad`). */
  original: z.strictObject({ height: z.int(), width: z.int() }),
  crop: cropSchema,
  /** Attribution a pixel, summed over channels, [height × width], row by row. */
  values: float32,
  /** Gradient × (x − x') at the sample, the same shape: what the plain gradient says. */
  gradient: float32.nullable(),
  grain: z.int(),
  /** Error estimate a cell at `grain`, row by row, ceil(height/grain) × ceil(width/grain); null while unknown. */
  cellErrors: float32.nullable(),
});

export const textAttributionSchema = z.strictObject({
  kind: z.literal("text"),
  input: z.string(),
  shape: z.array(z.int()),
  text: z.string(),
  /** Characters of the text that the model did not see, from this UTF-16 offset on; null: it saw everything. */
  truncatedFrom: z.int().nullable(),
  /**
   * Bytes in the middle of a file that the model did not see. They are not part of `text`: what stands before `at` (UTF-16
   * offset) is the start of the file, what follows is its end. Null: nothing is left out.
   */
  gap: z
    .strictObject({ at: z.int().min(0), bytes: z.int().min(1) })
    .nullable()
    .default(null),
  /**
   * Where in `text` (UTF-16 offsets) the sample's fields stand: one, or those of a pair that the model reads as one
   * sequence. `name`: the column of a data row; null for a text that stands in no row.
   */
  fields: z
    .array(
      z.strictObject({
        name: z.string().nullable(),
        start: z.int().min(0),
        end: z.int().min(0),
        /** First offset of the field that the model did not see; absent: it saw all of it. */
        truncatedFrom: z.int().min(0).optional(),
      }),
    )
    .default([]),
  tokens: z.array(tokenSchema),
  /** One value a token. */
  values: float32,
  gradient: float32.nullable(),
  cellErrors: float32.nullable(),
  /**
   * Set where the text is longer than the model takes and was read in windows: the score, and what the model says, are
   * means over them. `tokens` are those of the whole text, each once.
   */
  windows: z
    .strictObject({
      /** Positions of a window, special tokens and padding included. */
      length: z.int().min(1),
      /** Tokens that neighbouring windows share, the last two at least. */
      overlap: z.int().min(0),
      ranges: z
        .array(
          z.strictObject({
            /** Tokens of the text that it reads, by position; `to` is not among them. */
            from: z.int().min(0),
            to: z.int().min(0),
            /** What the model says of the target there; null for an expression. */
            score: z.number().nullable(),
            logit: z.number().nullable(),
          }),
        )
        .min(2),
    })
    .optional(),
  /** What can be put in the place of a token to ask what it does: null where the tokenizer has none; absent: not known. */
  blank: z
    .strictObject({ id: z.int(), text: z.string(), kind: z.enum(["mask", "unknown", "pad"]) })
    .nullable()
    .optional(),
});

export const tensorAttributionSchema = z.strictObject({
  kind: z.literal("tensor"),
  input: z.string(),
  shape: z.array(z.int()),
  /** Of a row of a table: the column of each value. */
  names: z.array(z.string()).optional(),
  sample: float32,
  values: float32,
  gradient: float32.nullable(),
  cellErrors: float32.nullable(),
});

export const attributionSchema = z.discriminatedUnion("kind", [
  imageAttributionSchema,
  textAttributionSchema,
  tensorAttributionSchema,
]);

export const warningSchema = z.strictObject({
  code: z.enum([
    "completeness",
    "feature-error",
    "ill-conditioned",
    "precision-floor",
    "suspect-gradient",
    "truncated",
    "windows",
    "unknown-tokens",
    "inferred-preprocessing",
    "held-input",
    "inner-start",
    "baseline",
    "preprocessing",
    "delta-zero",
    "budget",
    "backend",
    "not-ended",
    "ablated",
  ]),
  message: z.string(),
});

/** A text that a model produced, token by token. */
export const producedSchema = z.strictObject({
  text: z.string(),
  /** Places in `text`; the one that ends the text has none. */
  tokens: z.array(tokenSchema),
  /** False: it was still going on when it had produced as many tokens as it may. */
  ended: z.boolean(),
});

/** The likeliest label of one position. */
export const positionLabelSchema = z.strictObject({
  position: z.int().min(0),
  index: z.int(),
  label: z.string(),
  score: z.number(),
});

export const explanationSchema = z.strictObject({
  /** Handle of the run in the compute process, for refine, regrain and export. */
  runId: z.string(),
  status: statusSchema,
  model: z.strictObject({
    name: z.string(),
    path: z.string(),
    format: formatSchema,
    /** SHA-256 over model file and weights, hexadecimal. */
    fingerprint: z.string(),
    parameterCount: z.int(),
    inputShapes: z.array(z.array(z.int().nullable())),
  }),
  sample: z.strictObject({ title: z.string(), path: z.string().nullable(), row: z.int().nullable() }),
  backend: backendInfoSchema,
  method: methodSchema,
  rule: ruleSchema,
  steps: z.int().nullable(),
  target: z.strictObject({
    /** Place of the value that is explained among those of `output`; null for an expression. */
    index: z.int().nullable(),
    /** Of an expression its text, with predictions and indices as the labels that they stand for. */
    label: z.string(),
    output: z.string(),
    /** `logit` for an expression, which says itself what it reads. */
    link: linkSchema,
    /** The output is a value without an activation, as of a regression: `link` is `logit`, and means the value. */
    regression: z.literal(true).optional(),
    /** The target expression as it was written; absent where one value of the output is explained. */
    expression: z.string().optional(),
    /** Position of the text whose label is explained, where the model labels each. */
    position: z.int().min(0).optional(),
  }),
  baseline: z.strictObject({ spec: baselineSchema, label: z.string() }),
  tolerance: z.number(),
  maxEvaluations: z.int(),
  predictions: z.array(predictionSchema),
  /** F(x) and F(x'). */
  score: z.strictObject({ input: z.number(), baseline: z.number() }),
  deltaF: z.number(),
  sum: z.number(),
  /** |sum − deltaF|, and the same over |deltaF|; relative is null where deltaF is 0 within rounding. */
  completenessError: z.strictObject({ absolute: z.number(), relative: z.number().nullable() }),
  /** Estimated relative L1 error over the cells at the grain; null where the method has none. */
  featureError: z.number().nullable(),
  /** Σ|cell| at the grain: the size of the map. */
  mapSize: z.number(),
  /** Sum of gradient × (x − x') at the sample. */
  gradientSum: z.number().nullable(),
  evaluations: z.int(),
  rounds: z.int(),
  seconds: z.number(),
  errorByRound: z.array(
    z.strictObject({ evaluations: z.int(), completeness: z.number().nullable(), feature: z.number().nullable() }),
  ),
  path: pathSchema,
  attributions: z.array(attributionSchema),
  warnings: z.array(warningSchema),
  /** The last audit of its gradients. */
  audit: auditSchema.optional(),
  /** ISO time at which it ended. */
  finishedAt: z.string().nullable(),
  /** What a model of texts wrote; its tokens are the predictions, in order, and the target is one of them. */
  produced: producedSchema.optional(),
  /** What a model that labels each position of a text says of each; `predictions` are of the target's position. */
  positions: z.array(positionLabelSchema).optional(),
  /** Every produced token, or every pair of tokens, explained. */
  matrix: tokenMatrixSchema.optional(),
});

/** `explanation.json`: the explanation without its arrays, which stand in `.npy` files beside it. */
export const explanationFileSchema = explanationSchema
  .omit({ attributions: true, path: true, runId: true, finishedAt: true, matrix: true })
  .extend({
    version: z.literal(1),
    grain: z.int().nullable(),
    path: z.strictObject({
      alphas: z.array(z.number()),
      scores: z.array(z.number()),
      worst: z.array(intervalSchema),
    }),
    /** `windows`: how a text was read that is longer than the model takes; the shape is then that of the whole text. */
    attributions: z.array(
      z.strictObject({
        input: z.string(),
        shape: z.array(z.int()),
        file: z.string(),
        names: tensorAttributionSchema.shape.names,
        windows: textAttributionSchema.shape.windows,
      }),
    ),
    /** What it takes to repeat it. */
    provenance: z.strictObject({
      pathlight: z.string(),
      request: z.unknown(),
      finishedAt: z.string(),
      platform: z.string(),
      node: z.string(),
    }),
  });

export type { Status } from "./status.ts";
export type Prediction = z.output<typeof predictionSchema>;
export type BackendInfo = z.output<typeof backendInfoSchema>;
export type PathInterval = z.output<typeof intervalSchema>;
export type Crop = z.output<typeof cropSchema>;
export type { Token };
export type ImageAttribution = z.output<typeof imageAttributionSchema>;
export type TextGap = NonNullable<TextAttribution["gap"]>;
export type BlankToken = NonNullable<TextAttribution["blank"]>;
export type TextWindows = NonNullable<TextAttribution["windows"]>;
export type TextAttribution = z.output<typeof textAttributionSchema>;
export type TensorAttribution = z.output<typeof tensorAttributionSchema>;
export type Attribution = z.output<typeof attributionSchema>;
export type Produced = z.output<typeof producedSchema>;
export type PositionLabel = z.output<typeof positionLabelSchema>;
export type Warning = z.output<typeof warningSchema>;
export type WarningCode = Warning["code"];
export type Explanation = z.output<typeof explanationSchema>;
export type ExplanationFile = z.output<typeof explanationFileSchema>;
