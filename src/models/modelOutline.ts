import type { NodeId } from "../engine/port.ts";
import type { ModelFormat } from "../protocol/manifest.ts";

/** A node as the file describes it; nothing was computed. */
export interface OutlineNode {
  readonly id: NodeId;
  readonly op: string;
  /** With the batch axis first; null where only running the model would tell. */
  readonly shape: readonly (number | null)[] | null;
  /** `float32`, `int32` or `bool`; null where the file does not say. */
  readonly dtype: string | null;
  /** Trained values that the node reads, counted once where several nodes share them. */
  readonly parameters?: number | undefined;
  /** False: Pathlight has no such op, or not in this form, so a model with it cannot be built. */
  readonly supported: boolean;
  /** What of it is not supported, where Pathlight has the op itself: `groups = 3`, or a sentence. */
  readonly reason?: string | undefined;
}

/** The structure of a model that need not be one that can be built: what inspection shows when loading fails. */
export interface ModelOutline {
  readonly format: ModelFormat;
  readonly inputs: readonly OutlineNode[];
  readonly outputs: readonly OutlineNode[];
  /** Every node but constants, in the order of the file. */
  readonly nodes: readonly OutlineNode[];
  readonly parameterCount: number;
  /** Absolute, the file that was asked for first; those that are missing on disk too. */
  readonly files: readonly string[];
}

/** Reads the structure of a file of one kind. Needs no backend. Throws where not even that can be read. */
export type ModelOutliner = (file: string, signal: AbortSignal | undefined) => Promise<ModelOutline>;
