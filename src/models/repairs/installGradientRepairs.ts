import * as tf from "@tensorflow/tfjs-core";
import { batchNormGradient } from "./batchNorm.ts";
import { conv2dGradient } from "./conv2d.ts";
import { depthwiseConv2dGradient } from "./depthwiseConv2d.ts";

const gradients: readonly tf.GradConfig[] = [batchNormGradient, conv2dGradient, depthwiseConv2dGradient];

/**
 * Puts right what tfjs gets wrong in gradients, and in a few kernels, for the whole process. Idempotent, and to be called again after a
 * backend or package of tfjs has been loaded, since those register their own versions over ours.
 */
export function installGradientRepairs(): void {
  for (const config of gradients) {
    if (tf.getGradient(config.kernelName) !== config) tf.registerGradient(config);
  }
}
