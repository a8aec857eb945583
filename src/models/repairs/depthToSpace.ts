import * as tf from "@tensorflow/tfjs-core";
import { gradient, savedTensor } from "./gradient.ts";

/** DepthToSpace, which has no gradient in tfjs: the entries go back where they came from. Channels last only. */
export const depthToSpaceGradient = gradient(tf.DepthToSpace, ["x"], (dy, saved, attrs) => {
  const { shape } = savedTensor(saved, 0);
  const [batch = 1, height = 1, width = 1, channels = 1] = shape;
  const block = Number(attrs["blockSize"]);
  if (attrs["dataFormat"] !== "NHWC") throw new Error("Error in gradient of DepthToSpace: NCHW is not yet supported");
  return {
    x: () => {
      const blocks = tf.reshape(dy, [batch, height, block, width, block, channels / (block * block)]);
      return tf.reshape(tf.transpose(blocks, [0, 1, 3, 2, 4, 5]), shape);
    },
  };
});
