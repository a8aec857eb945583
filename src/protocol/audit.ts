import * as z from "zod";

/** What a gradient audit has found: gradients beside differences of forward passes, along the path and operation by operation. */

const agreementSchema = z.enum(["agrees", "differs", "kink", "noise"]);

const comparisonSchema = z.strictObject({
  /** Σ gradient · direction, and the same by central differences of forward passes. */
  gradient: z.number(),
  difference: z.number(),
  /** What the difference may be off by. */
  bar: z.number(),
  /** What errors are relative to. */
  scale: z.number(),
  /** `kink`: one-sided differences disagree, there is no derivative to compare with. `noise`: the bar is too wide to tell. */
  agreement: agreementSchema,
});

const placedSchema = comparisonSchema.extend({ alpha: z.number() });

/** In units of the score. `random`: along x − x′ with random signs, from a point close to the path. */
const pathComparisonSchema = placedSchema.extend({ way: z.enum(["path", "random"]) });

const nodeFindingSchema = z.strictObject({
  id: z.string(),
  op: z.string(),
  layer: z.string().nullable(),
  agreement: agreementSchema,
  /** Relative: how far the gradient is off, and what rounding and bends allow. */
  error: z.number(),
  floor: z.number(),
  alpha: z.number(),
});

const culpritSchema = nodeFindingSchema.extend({
  /** The operation by itself along the path. */
  profile: z.array(placedSchema),
  /** The score as a function of what the operation puts out, and of what it reads. */
  below: comparisonSchema.nullable(),
  above: comparisonSchema.nullable(),
});

export const auditSchema = z.strictObject({
  verdict: z.enum(["confirmed", "wrong", "not-located", "cannot-tell"]),
  /** A fraction: gradients are confirmed to within it; null where they are not. */
  within: z.number().nullable(),
  path: z.array(pathComparisonSchema),
  directions: z.array(pathComparisonSchema),
  /** The operation nearest to the score first. */
  nodes: z.array(nodeFindingSchema),
  culprits: z.array(culpritSchema),
  /** Nodes that were not compared: integers, such as do not move along the path, such as the model refuses to feed. */
  skipped: z.strictObject({ integer: z.int(), unmoved: z.int(), refused: z.int() }),
  /** False where the format does not say what nodes are computed from: then single operations are not told apart. */
  nodesKnown: z.boolean(),
  /** Rows evaluated forward, and gradients. */
  passes: z.int(),
  gradients: z.int(),
  seconds: z.number(),
  /** ISO time at which it ended. */
  finishedAt: z.string(),
});

/** How far a running audit is. */
export const auditProgressSchema = z.strictObject({
  done: z.int(),
  total: z.int(),
  what: z.string(),
  seconds: z.number(),
});

export type Audit = z.output<typeof auditSchema>;
export type AuditProgress = z.output<typeof auditProgressSchema>;
