import * as tf from "@tensorflow/tfjs-core";
import { gradient, savedTensor } from "./gradient.ts";

/**
 * Max and Min over axes. tfjs hands the whole gradient to every place that ties for the extremum, so it is counted once
 * for each: a maximum over the words of a padded text was seen to be off by 270 % that way, since all padding positions
 * tie, and every flat region of a picture does the same. Here the tied places share it, a subgradient like any other.
 */
export const maxGradient = sharedAmongTies(tf.Max);
export const minGradient = sharedAmongTies(tf.Min);

function sharedAmongTies(kernelName: string): tf.GradConfig {
  const config = gradient(kernelName, ["x"], (dy, saved, attrs) => {
    const [x, y] = [savedTensor(saved, 0), savedTensor(saved, 1)];
    const axes = tf.util.parseAxisParam(
      reduced(attrs["reductionIndices"] ?? attrs["axis"]) ?? x.shape.map((_, axis) => axis),
      x.shape,
    );
    const kept = tf.backend_util.expandShapeToKeepDim(
      tf.backend_util.computeOutAndReduceShapes(x.shape, axes)[0],
      axes,
    );
    return {
      x: () => {
        const ties = tf.cast(tf.equal(x, tf.reshape(y, kept)), "float32");
        return tf.mul(ties, tf.div(tf.reshape(dy, kept), tf.sum(ties, axes, true)));
      },
    };
  });
  return { ...config, outputsToSave: [true] };
}

/** The axes that the op names; none named means all. */
function reduced(axes: unknown): number[] | undefined {
  if (typeof axes === "number") return [axes];
  return Array.isArray(axes) ? axes.filter((axis) => typeof axis === "number") : undefined;
}
