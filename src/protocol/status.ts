import * as z from "zod";

/** How a run stands, or ended. */
export const statusSchema = z.enum([
  "running",
  "converged",
  "budget",
  "cancelled",
  "precision-floor",
  "suspect-gradient",
]);

export type Status = z.output<typeof statusSchema>;
