import type { NodeId, OutputHead } from "../engine/port.ts";
import type { ScoreTarget, TermTarget } from "../engine/scoreOf.ts";
import type { PositionLabel, Prediction, Produced } from "../protocol/explanation.ts";
import type { PreparedInput } from "./prepareInputs.ts";
import type { RunPlan } from "./runPlan.ts";
import type { WindowLayout } from "./windows/windowedModel.ts";

/** What is explained: one value of the output, or an expression. */
export interface SubjectTarget {
  /** Among the predictions; null for an expression. */
  readonly index: number | null;
  readonly label: string;
  /** At the sample; of an output its logit. */
  readonly value: number;
  readonly expression?: TargetExpression | undefined;
}

export interface TargetExpression {
  /** As it was written. */
  readonly source: string;
  readonly score: ScoreTarget & TermTarget;
}

export interface SubjectWindows {
  readonly layout: WindowLayout;
  /** What each says of the target; null for an expression. */
  readonly predictions: readonly (Prediction | null)[];
}

/** What is fed to the model, what it says of it, and which number of what it says is explained. */
export interface Subject {
  readonly head: OutputHead;
  readonly inputs: readonly PreparedInput[];
  readonly predictions: readonly Prediction[];
  readonly target: SubjectTarget;
  /** Where the target's number stands in its node, without the batch axis; null for an expression. */
  readonly place: number | readonly number[] | null;
  /** Positions of a text, by input, that stay as they are along the path. */
  readonly fixed: ReadonlyMap<NodeId, readonly number[]>;
  /** Set where the model labels each position: the target's. */
  readonly position?: number | undefined;
  readonly positions?: readonly PositionLabel[] | undefined;
  /** Set where the model writes a text. */
  readonly produced?: Produced | undefined;
  /** Set where a text is read in windows: what the model says and what is explained are means over them. */
  readonly windows?: SubjectWindows | undefined;
  readonly notes: RunPlan["notes"];
}
