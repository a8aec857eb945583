import { cancelled } from "./errors.ts";

/** Throws `cancelled` when the signal has fired. Called between batches, never inside one. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled();
}

/**
 * Lets timers and messages in, so that a cancel that has arrived is seen before the next batch starts. Twice: from a
 * callback of a message the first immediate follows at once, without another look for messages.
 */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
