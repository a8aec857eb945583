import * as z from "zod";
import { baselineNames, formatSchema, linkSchema, modelSchema } from "./manifest.ts";

/** What one asks for: which sample, which model, which settings. Shared by the command line, the compute process and the panel. */

export const sampleRefSchema = z.discriminatedUnion("kind", [
  /** A file: an image, a `.npy` tensor, or with `row` (0-based) one row of a data file. */
  z.strictObject({
    kind: z.literal("file"),
    path: z.string().min(1),
    row: z.int().min(0).optional(),
    /** Column or key that holds the text; default: from the data set, else the only text column. */
    column: z.string().min(1).optional(),
    /** Column that holds the true label, which is no feature of a row of numbers. */
    labelColumn: z.string().min(1).optional(),
    /** Column of a second text, which the model reads as one sequence with that of `column`. */
    secondColumn: z.string().min(1).optional(),
  }),
  /** A piece of text, for example an editor selection; `origin` says where it stood. */
  z.strictObject({
    kind: z.literal("text"),
    text: z.string(),
    origin: z.string().optional(),
    /**
     * A row of a data file as it stands in an editor, which need not be what is on disk: `text` is its value in `column`,
     * `fields` are the values of all columns that hold text or numbers.
     */
    row: z
      .strictObject({
        column: z.string().min(1),
        fields: z.record(z.string(), z.string()),
        /** Column whose value is the second text. */
        secondColumn: z.string().min(1).optional(),
      })
      .optional(),
    /** A second text, which the model reads as one sequence with the first; of a row see `secondColumn`. */
    second: z.string().optional(),
  }),
]);

/** `name` as in the manifest; `value`: every number of the model's own input; `file`: an image, or `.npy` as the model's own tensor. */
export const baselineSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("name"), name: z.enum(baselineNames) }),
  z.strictObject({ kind: z.literal("value"), value: z.number() }),
  z.strictObject({ kind: z.literal("file"), path: z.string().min(1) }),
  /** For a text: another one, in the places of the sample's tokens. */
  z.strictObject({ kind: z.literal("text"), text: z.string() }),
  /** For a text: the sample with its stop words only. `list`: a language (see `stopWordLanguages`) or an absolute path. */
  z.strictObject({ kind: z.literal("stop-words"), list: z.string().min(1) }),
]);

/** Position of a text, where the model labels each; default: the first that is labelled otherwise than `O`. */
const position = z.int().min(0).optional();

/** For a text that the model produces, index and label are those of a produced token, counted from 0. */
export const targetSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("predicted"), position }),
  z.strictObject({ kind: z.literal("index"), index: z.int().min(0), position }),
  z.strictObject({ kind: z.literal("label"), label: z.string().min(1), position }),
  /** A calculation over outputs, see `expression/parse.ts`. It says itself what it reads, so that `link` does not apply. */
  z.strictObject({ kind: z.literal("expression"), expression: z.string().min(1).max(2000), position }),
]);

export const methodSchema = z.enum(["integrated-gradients", "gradient", "input-x-gradient"]);
export const ruleSchema = z.enum([
  "adaptive",
  "gauss-legendre",
  "midpoint",
  "trapezoid",
  "riemann-left",
  "riemann-right",
]);
export const backendPreferenceSchema = z.enum(["auto", "tensorflow", "wasm", "cpu"]);

export const holdSchema = z.enum(["nothing", "padding", "special"]);

/** How a text is read that is longer than the model takes: its start alone, or all of it in windows of that length. */
export const longTextSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("cut") }),
  /** `overlap` in tokens; undefined: the manifest's, else a quarter of what a window takes. */
  z.strictObject({ kind: z.literal("windows"), overlap: z.int().min(0).max(65535).optional() }),
]);

export const settingsSchema = z.strictObject({
  target: targetSchema.default({ kind: "predicted" }),
  output: z.string().optional(),
  /** Inner node that the path runs in, in place of the inputs. */
  from: z.string().min(1).optional(),
  link: linkSchema.default("logit"),
  /** Undefined: black for images, zero embedding for text, zeros else. */
  baseline: baselineSchema.optional(),
  method: methodSchema.default("integrated-gradients"),
  rule: ruleSchema.default("adaptive"),
  steps: z.int().min(1).max(100_000).default(50),
  tolerance: z.number().gt(0).lt(1).default(0.01),
  /** Side of a cell in pixels; undefined: 8 above 64 pixels, else 1. */
  grain: z.int().min(1).max(4096).optional(),
  maxEvaluations: z.int().min(1).max(1_000_000).default(512),
  backend: backendPreferenceSchema.default("auto"),
  /**
   * Positions of a text that stay the sample's in the baseline, and so get no attribution; what an attention mask takes
   * out always does. `padding`: padding where no mask does; `special`: also tokens that the tokenizer puts around a text.
   */
  hold: holdSchema.optional(),
  /** Undefined: as the manifest says, else cut. */
  long: longTextSchema.optional(),
  /** Of a produced token: explain what had been produced before it as well, not the source alone. */
  explainPrefix: z.boolean().optional(),
});

/** The model to use. With `entry` its preprocessing is known; without, it is inferred from the model and the files beside it. */
export const modelRefSchema = z.strictObject({
  path: z.string().min(1).describe("Absolute path of the model file."),
  format: formatSchema.optional(),
  entry: modelSchema.optional(),
  /** Absolute folder that the paths inside `entry` are relative to. */
  baseFolder: z.string().optional(),
});

export const explainRequestSchema = z.strictObject({
  model: modelRefSchema,
  /** One for each input; `input` names it where the model has several. */
  samples: z.array(z.strictObject({ input: z.string().optional(), sample: sampleRefSchema })).min(1),
  settings: settingsSchema,
  /** Absolute paths of the files that the `mean` baseline is taken over. */
  meanOver: z.array(z.string()).optional(),
  /**
   * Tokens with a blank one in their place (mask, unknown or padding, see `blank` of a text's attribution): positions in
   * the text of an input, with the ids that stand there otherwise, so that a text that has changed is not taken for it.
   */
  blanked: z
    .array(
      z.strictObject({
        input: z.string(),
        tokens: z.array(z.strictObject({ position: z.int().min(0), id: z.int() })).min(1),
      }),
    )
    .optional(),
});

export type SampleRef = z.output<typeof sampleRefSchema>;
export type BaselineSpec = z.output<typeof baselineSchema>;
export type TargetSpec = z.output<typeof targetSchema>;
export type Method = z.output<typeof methodSchema>;
export type Rule = z.output<typeof ruleSchema>;
export type BackendPreference = z.output<typeof backendPreferenceSchema>;
export type BlankedTokens = NonNullable<ExplainRequest["blanked"]>[number];
export type Hold = z.output<typeof holdSchema>;
export type LongTextSetting = z.output<typeof longTextSchema>;
export type Settings = z.output<typeof settingsSchema>;
export type ModelRef = z.output<typeof modelRefSchema>;
export type ExplainRequest = z.output<typeof explainRequestSchema>;
