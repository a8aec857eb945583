import type { ExplainEvent } from "../protocol/compute.ts";

/** Of whoever asks: to be heard while something is computed, and to end it. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly emit?: ((event: ExplainEvent) => void) | undefined;
}
