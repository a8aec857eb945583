import * as z from "zod";
import { type ScoreTerm, scoreFunctions, scoreOperators } from "../../common/scoreTerm.ts";
import { float32Schema, float64Schema } from "../../protocol/arrays.ts";
import { formatSchema } from "../../protocol/manifest.ts";

/** Methods of a worker, in the order in which they are called. They are answered in that order. */

const nothing = z.undefined();
const shapeSchema = z.array(z.int()).readonly();
const int32Schema = z.custom<Int32Array>((value) => value instanceof Int32Array, "expected an Int32Array");

const termSchema: z.ZodType<ScoreTerm> = z.lazy(() =>
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("number"), value: z.number() }),
    z.strictObject({ kind: z.literal("node"), node: z.string() }),
    z.strictObject({ kind: z.literal("at"), of: termSchema, index: z.array(z.int()) }),
    z.strictObject({ kind: z.literal("weighted"), of: termSchema, weights: z.array(z.number()) }),
    z.strictObject({
      kind: z.literal("binary"),
      operator: z.enum(scoreOperators),
      left: termSchema,
      right: termSchema,
    }),
    z.strictObject({ kind: z.literal("call"), call: z.enum(scoreFunctions), args: z.array(termSchema) }),
  ]),
);

const pathSchema = z.strictObject({
  explained: z
    .array(z.strictObject({ node: z.string(), shape: shapeSchema, x: float32Schema, baseline: float32Schema }))
    .readonly(),
  held: z
    .array(
      z.strictObject({
        node: z.string(),
        shape: shapeSchema,
        data: z.union([float32Schema, int32Schema]),
        dtype: z.enum(["float32", "int32", "bool"]),
      }),
    )
    .readonly(),
  target: z.union([
    z.strictObject({
      fetch: z.string(),
      index: z.union([z.number(), z.array(z.number()).readonly()]),
      link: z.enum(["identity", "softmax", "sigmoid"]),
      windows: z.literal(true).optional(),
    }),
    z.strictObject({ term: termSchema, windows: z.literal(true).optional() }),
  ]),
  twin: z.boolean().optional(),
  windows: z.strictObject({ input: z.string(), places: z.array(int32Schema).readonly() }).optional(),
});

export const modelSourceSchema = z.strictObject({
  /** Absolute. */
  path: z.string(),
  format: formatSchema.optional(),
  /** Of the model that the main thread computes with. */
  fingerprint: z.string(),
});

export const workerContract = {
  /** Loads the model, once in a worker's life. Fails with `model-invalid` when the files hold another one by now. */
  open: { params: modelSourceSchema, result: nothing, event: nothing },
  /** The path that is evaluated from now on. */
  begin: { params: pathSchema, result: nothing, event: nothing },
  /** As `PathIntegrand.evaluate`. */
  evaluate: {
    params: z.strictObject({ alphas: z.array(z.number()).readonly() }),
    result: z.strictObject({ f: float64Schema, g: z.array(float32Schema) }),
    event: nothing,
  },
} as const;

export type ModelSource = z.output<typeof modelSourceSchema>;
