import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { LayerPath } from "../../engine/neurons/layerGradient.ts";
import { feedsAt } from "../../engine/neurons/pathFeeds.ts";
import { scoreOf } from "../../engine/scoreOf.ts";
import { fromTensorError } from "../../engine/tensorErrors.ts";

/** Scores at points of a path, by a forward pass. */
export async function pathScores(path: Omit<LayerPath, "layer">, alphas: readonly number[]): Promise<Float32Array> {
  let scores: Tensor | undefined;
  try {
    scores = tidy(() => scoreOf(path.model, feedsAt(path, alphas), path.target));
    return Float32Array.from(await scores.data());
  } catch (error) {
    throw fromTensorError(error);
  } finally {
    scores?.dispose();
  }
}
