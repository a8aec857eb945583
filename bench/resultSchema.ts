import { z } from "zod";

/** What one process of the benchmark hands to the next. */

export const cellSchema = z.object({
  photograph: z.string(),
  baseline: z.string(),
  link: z.enum(["logit", "softmax"]),
  tolerance: z.number(),
  status: z.string(),
  evaluations: z.number(),
  rounds: z.number(),
  seconds: z.number(),
  deltaF: z.number(),
  completeness: z.number(),
  /** Estimated relative L1 error over the cells. */
  stated: z.number(),
  /** Attribution of each cell. */
  cells: z.array(z.number()),
});
export const resultSchema = z.object({
  backend: z.string(),
  peakMegabytes: z.number(),
  forwardMs: z.number(),
  gradientMs: z.number(),
  runs: z.array(cellSchema),
  references: z.array(cellSchema),
});
export type BenchResult = z.output<typeof resultSchema>;
export type BenchCell = z.output<typeof cellSchema>;
