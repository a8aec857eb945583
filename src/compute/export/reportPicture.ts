import { PathlightError } from "../../common/errors.ts";
import type { Explanation } from "../../protocol/explanation.ts";
import type { Shown } from "../../protocol/panel.ts";
import { encodePicture } from "../../samples/index.ts";

/** Longest side of the picture that a report carries, in pixels. */
const MAX_SIDE = 1024;

/** The original picture of an image sample, encoded for a report; null where the sample is none. */
export async function reportPicture(explanation: Explanation, signal?: AbortSignal): Promise<Shown["picture"]> {
  const { path } = explanation.sample;
  if (path === null || !explanation.attributions.some(({ kind }) => kind === "image")) return null;
  // A tensor that was given as the model's own input has no picture behind it.
  if (path.toLowerCase().endsWith(".npy")) return null;
  try {
    const { bytes, mime } = await encodePicture(path, MAX_SIDE, signal);
    return { bytes, mime };
  } catch (error) {
    // The sample may be deleted while it is explained: the numbers stand, and the report shows the map without it.
    if (error instanceof PathlightError && error.code === "sample-not-found") return null;
    throw error;
  }
}
