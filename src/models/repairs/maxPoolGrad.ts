import * as tf from "@tensorflow/tfjs-core";
import { savedTensor } from "./gradient.ts";
import { eachMaximum, poolWindows, poolWindows3d } from "./poolWindows.ts";
import { gatherFlat, transposed } from "./transposed.ts";

/**
 * MaxPoolGrad and MaxPool3DGrad, which have no gradient in tfjs. Each dy goes to the first maximum of its window, so the
 * transpose reads there.
 */
export const maxPoolGradGradient = atMaxima(tf.MaxPoolGrad, poolWindows);
export const maxPool3dGradGradient = atMaxima(tf.MaxPool3DGrad, poolWindows3d);

function atMaxima(kernelName: string, windowsOf: typeof poolWindows): tf.GradConfig {
  return transposed(kernelName, ["input"], (ddx, saved, attrs) => {
    const x = savedTensor(saved, 0);
    const windows = windowsOf(x, attrs);
    const { batch, channels, output } = windows;
    const from = new Int32Array(batch * output[0] * output[1] * output[2] * channels);
    eachMaximum({ values: x.dataSync<"float32">(), shape: x.shape }, windows, (at, place) => {
      from[at] = place;
    });
    const places = x.rank === 4 ? output.slice(1) : output;
    return gatherFlat(ddx, from, [batch, ...places, channels]);
  });
}
