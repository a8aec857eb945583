import type { Tensor } from "@tensorflow/tfjs-core";
import { type ExplainedInput, ModelIntegrand } from "../engine/modelIntegrand.ts";
import type { DifferentiableModel, NodeId } from "../engine/port.ts";
import type { ScoreTarget } from "../engine/scoreOf.ts";
import { feedTensor } from "./feeds.ts";
import type { FeedValue } from "./runPlan.ts";
import { TwinModel, twinOf } from "./twin/twinModel.ts";
import { WindowedModel, type WindowLayout } from "./windows/windowedModel.ts";

/** The two ends of a path in one node, without the batch axis. */
interface PathEnds {
  readonly node: NodeId;
  readonly shape: readonly number[];
  readonly x: Float32Array;
  readonly baseline: Float32Array;
}

/** A path and the score along it, as plain numbers: what another thread needs to go the same path. */
export interface ScorePath {
  readonly explained: readonly PathEnds[];
  /** Fed alike at every point. */
  readonly held: readonly FeedValue[];
  readonly target: ScoreTarget;
  /** The model reads two samples, side by side; see `TwinModel`. */
  readonly twin?: boolean | undefined;
  /** The model reads the text in windows; see `WindowedModel`. */
  readonly windows?: WindowLayout | undefined;
}

function asOnPath(opened: DifferentiableModel, { twin, windows }: ScorePath): DifferentiableModel {
  if (twin === true && !(opened instanceof TwinModel)) return twinOf(opened);
  return windows === undefined || opened instanceof WindowedModel ? opened : new WindowedModel(opened, windows);
}

export interface OpenedPath {
  readonly integrand: ModelIntegrand;
  /** Frees the tensors that are held along the path. */
  dispose(): void;
}

/** Makes a path ready to be evaluated. Whoever opens it disposes it. Errors: as `ModelIntegrand.create`. */
export async function openPath(opened: DifferentiableModel, path: ScorePath): Promise<OpenedPath> {
  const model = asOnPath(opened, path);
  const ends: ExplainedInput[] = [];
  const heldFeeds = new Map<NodeId, Tensor>();
  const dispose = (): void => {
    for (const feed of heldFeeds.values()) feed.dispose();
    heldFeeds.clear();
  };
  try {
    for (const value of path.held) heldFeeds.set(value.node, feedTensor(value));
    for (const { node, shape, x, baseline } of path.explained) {
      const end = (data: Float32Array): Tensor => feedTensor({ shape, data, dtype: "float32" });
      ends.push({ node, x: end(x), baseline: end(baseline) });
    }
    const parts = model instanceof WindowedModel ? model.only : undefined;
    const integrand = await ModelIntegrand.create({ model, explained: ends, heldFeeds, target: path.target, parts });
    return { integrand, dispose };
  } catch (error) {
    dispose();
    throw error;
  } finally {
    // The integrand has read them; only what is held is fed as it is.
    for (const { x, baseline } of ends) {
      x.dispose();
      baseline.dispose();
    }
  }
}
