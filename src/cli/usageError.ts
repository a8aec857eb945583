import { PathlightError } from "../common/errors.ts";

/** The command line itself is wrong: an option, a value, a missing part. */
export function usageError(message: string, details: { expected?: string; found?: string; whatToDo?: string } = {}) {
  return new PathlightError("usage", message, details);
}
