import {
  defaultImageGrain,
  type Grain,
  identityGrain,
  imageGrain,
  joinGrains,
  positionGrain,
} from "../engine/grain.ts";
import type { NodeId, OutputHead } from "../engine/port.ts";
import type { ScoreTarget } from "../engine/scoreOf.ts";
import type { LoadedModel } from "../models/loadedModel.ts";
import type { ExplainRequest, Settings } from "../protocol/explain.ts";
import type { BackendInfo, BlankToken, PositionLabel, Prediction, Produced } from "../protocol/explanation.ts";
import type { ManifestModel } from "../protocol/manifest.ts";
import type { PreparedSample } from "../samples/index.ts";
import type { Subject, SubjectTarget } from "./subject.ts";
import type { WindowLayout } from "./windows/windowedModel.ts";

/** Numbers that are fed to a node, without the batch axis. */
export interface FeedValue {
  readonly node: NodeId;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
  readonly dtype: "float32" | "int32" | "bool";
  /** `shape` begins with a batch axis. */
  readonly batched?: true;
}

/** An input that is explained: the node that the path runs in, its two ends, and the sample that it came from. */
export interface ExplainedInput {
  /** The model's input; equals `node` unless the path runs in embedding space. */
  readonly input: NodeId;
  readonly node: NodeId;
  readonly shape: readonly number[];
  readonly x: Float32Array;
  readonly baseline: Float32Array;
  readonly prepared: PreparedSample;
  /** What a token of a text can be blanked with. */
  readonly blank: BlankToken | null;
}

/** All that a run needs to know, as plain numbers: tensors are made when it computes and gone when it has. */
export interface RunPlan {
  readonly request: ExplainRequest;
  readonly settings: Settings;
  readonly entry: ManifestModel;
  readonly model: Omit<LoadedModel, "model"> & {
    readonly path: string;
    readonly name: string;
    readonly parameterCount: number;
    readonly inputShapes: (number | null)[][];
  };
  readonly backend: BackendInfo;
  readonly head: OutputHead;
  readonly target: Omit<SubjectTarget, "expression">;
  /** The target expression as it was written. */
  readonly expression: string | undefined;
  readonly score: ScoreTarget;
  /** Place of one value in the output, without the batch axis; null for an expression. */
  readonly place: Subject["place"];
  readonly predictions: readonly Prediction[];
  /** See an explanation's fields of these names. */
  readonly position: number | undefined;
  readonly positions: readonly PositionLabel[] | undefined;
  readonly produced: Produced | undefined;
  /** Set where a text is read in windows: the model of the run is then a `WindowedModel`. */
  readonly windows: WindowLayout | undefined;
  /** What each window says of the target; null for an expression. */
  readonly windowPredictions: readonly (Prediction | null)[] | undefined;
  readonly explained: readonly ExplainedInput[];
  readonly held: readonly FeedValue[];
  readonly baselineLabel: string;
  /** Inputs that are held, preprocessing that was guessed, pixels that were dropped: sentences for the user. */
  readonly notes: readonly {
    readonly code:
      | "held-input"
      | "inner-start"
      | "baseline"
      | "inferred-preprocessing"
      | "preprocessing"
      | "not-ended"
      | "ablated";
    readonly message: string;
  }[];
}

/** Pixels a cell for the pictures of a plan: what the user asked for, else 8 above 64 pixels and 1 below. */
export function grainPixels(explained: ExplainedInput, wanted: number | undefined): number {
  const { prepared } = explained;
  if (prepared.kind !== "image") return 1;
  return Math.min(
    wanted ?? defaultImageGrain(prepared.height, prepared.width),
    Math.max(prepared.height, prepared.width),
  );
}

/** By pixels a cell. Every draft asks for the same two, and one of a photograph has 150,000 entries. */
const grains = new WeakMap<ExplainedInput, Map<number, Grain>>();

/** The grain of one explained input. */
export function grainOf(explained: ExplainedInput, wanted: number | undefined): Grain {
  const pixels = grainPixels(explained, wanted);
  const known = grains.get(explained) ?? new Map<number, Grain>();
  const grain = known.get(pixels) ?? makeGrain(explained, pixels);
  grains.set(explained, known.set(pixels, grain));
  return grain;
}

function makeGrain(explained: ExplainedInput, pixels: number): Grain {
  const { prepared, shape } = explained;
  if (prepared.kind === "image") {
    const { height, width, layout } = prepared;
    const channels = shape.reduce((product, side) => product * side, 1) / (height * width);
    // Without an axis for channels there is one, and both orders are the same.
    const order = layout === "channels-first" ? layout : "channels-last";
    return imageGrain({ height, width, channels, layout: order }, pixels);
  }
  if (explained.node !== explained.input) {
    const dimensions = shape.at(-1) ?? 1;
    return positionGrain(explained.x.length / dimensions, dimensions);
  }
  return identityGrain(explained.x.length);
}

export function planGrain(plan: RunPlan, wanted: number | undefined): Grain {
  return joinGrains(plan.explained.map((explained) => grainOf(explained, wanted)));
}
