import * as tf from "@tensorflow/tfjs-core";
import { savedTensor } from "./gradient.ts";
import { transposed } from "./transposed.ts";

/** EluGrad multiplies every dy by a number of its own: it is its own transpose. */
export const eluGradGradient = transposed(tf.EluGrad, ["y"], (ddx, saved) =>
  tf.engine().runKernel<tf.Tensor>(tf.EluGrad, { dy: ddx, y: savedTensor(saved, 0) }),
);
