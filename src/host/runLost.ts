import { PathlightError } from "../common/errors.ts";

/** The process that had the run is gone, or has forgotten it. */
export function isRunLost(error: unknown): boolean {
  const code = error instanceof PathlightError ? error.code : undefined;
  return code === "run-unknown" || code === "compute-died";
}
