import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";

/** Environment variable that names the file which the suite writes its result to. */
export const RESULT_VARIABLE = "PATHLIGHT_TEST_RESULT";

const resultSchema = z.strictObject({
  node: z.string(),
  passes: z.array(z.strictObject({ title: z.string(), ms: z.number() })),
  failures: z.array(z.strictObject({ title: z.string(), message: z.string(), stack: z.string() })),
  /** Tests that were skipped. */
  pending: z.int(),
  /** Figures that tests took down, by name. */
  measured: z.record(z.string(), z.number()),
  /** False until mocha itself has come to its end: an extension host that dies reports success. */
  done: z.boolean(),
});

export type SuiteResult = z.output<typeof resultSchema>;

export function emptyResult(): SuiteResult {
  return { node: process.version, passes: [], failures: [], pending: 0, measured: {}, done: false };
}

/** Undefined: the suite did not even start. */
export function readResult(file: string): SuiteResult | undefined {
  return existsSync(file) ? resultSchema.parse(JSON.parse(readFileSync(file, "utf8"))) : undefined;
}
