import type { NodeId, OutputHead } from "../engine/port.ts";
import type { PositionLabel, Prediction, Produced } from "../protocol/explanation.ts";
import type { PreparedInput } from "./prepareInputs.ts";
import type { RunPlan } from "./runPlan.ts";

/** What is fed to the model, what it says of it, and which number of what it says is explained. */
export interface Subject {
  readonly head: OutputHead;
  readonly inputs: readonly PreparedInput[];
  readonly predictions: readonly Prediction[];
  readonly target: Prediction;
  /** Where the target's number stands in its node, without the batch axis. */
  readonly place: number | readonly number[];
  /** Positions of a text, by input, that stay as they are along the path. */
  readonly fixed: ReadonlyMap<NodeId, readonly number[]>;
  /** Set where the model labels each position: the target's. */
  readonly position?: number | undefined;
  readonly positions?: readonly PositionLabel[] | undefined;
  /** Set where the model writes a text. */
  readonly produced?: Produced | undefined;
  readonly notes: RunPlan["notes"];
}
