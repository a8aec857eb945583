import * as tf from "@tensorflow/tfjs-core";
import {
  averagePool3dGradGradient,
  averagePool3dGradient,
  averagePoolGradGradient,
  averagePoolGradient,
} from "./averagePool.ts";
import { batchMatMulGradient } from "./batchMatMul.ts";
import { batchMatMulWrappers } from "./batchMatMulForward.ts";
import { batchNormGradient } from "./batchNorm.ts";
import { clipByValueGradient } from "./clipByValue.ts";
import { conv2dGradient } from "./conv2d.ts";
import { conv2dBackpropInputGradient } from "./conv2dBackpropInput.ts";
import { conv3dBackpropInputGradient, conv3dBackpropInputKernel, conv3dGradient } from "./conv3d.ts";
import { cumsumGradient } from "./cumsum.ts";
import { depthToSpaceGradient } from "./depthToSpace.ts";
import { depthwiseConv2dGradient } from "./depthwiseConv2d.ts";
import { depthwiseConv2dBackpropInputGradient } from "./depthwiseConv2dBackpropInput.ts";
import { dilation2dWrapper } from "./dilation2d.ts";
import { dilation2dBackpropInputGradient } from "./dilation2dBackpropInput.ts";
import { einsumGradient, einsumKernel } from "./einsum.ts";
import { eluGradGradient } from "./eluGrad.ts";
import { maxGradient, minGradient } from "./extremum.ts";
import { gatherGradient } from "./gather.ts";
import { gatherNdGradient, scatterNdGradient } from "./gatherNd.ts";
import { lrnGradGradient } from "./lrnGrad.ts";
import { maximumGradient, minimumGradient } from "./maximum.ts";
import { maxPool3dGradKernels, maxPool3dKernel, maxPoolGradKernel } from "./maxPool.ts";
import { maxPool3dGradGradient, maxPoolGradGradient } from "./maxPoolGrad.ts";
import { mirrorPadGradient } from "./mirrorPad.ts";
import { oneHotWrapper } from "./oneHot.ts";
import { resizeBilinearGradient, resizeNearestNeighborGradient } from "./resize.ts";
import { sameConvolutionWrappers } from "./sameConvolution.ts";
import { sparseToDenseGradient } from "./sparseToDense.ts";
import { squaredDifferenceGradient } from "./squaredDifference.ts";
import { stepWrapper } from "./step.ts";
import { stridedSliceGradient } from "./stridedSlice.ts";
import { stridedSliceWrappers } from "./stridedSliceForward.ts";
import { tensorScatterUpdateGradient } from "./tensorScatterUpdate.ts";
import { tileGradient } from "./tile.ts";
import { topKGradient } from "./topK.ts";
import { unpackGradient } from "./unpack.ts";
import { unsortedSegmentSumKernel } from "./unsortedSegmentSum.ts";
import { installWrapper, type KernelWrapper } from "./wrappedKernel.ts";

/** By what they replace or add. */
export const repairedGradients: readonly tf.GradConfig[] = [
  averagePoolGradient,
  averagePool3dGradient,
  batchMatMulGradient,
  batchNormGradient,
  clipByValueGradient,
  conv2dGradient,
  conv2dBackpropInputGradient,
  conv3dGradient,
  conv3dBackpropInputGradient,
  cumsumGradient,
  depthToSpaceGradient,
  depthwiseConv2dGradient,
  einsumGradient,
  maxGradient,
  minGradient,
  gatherGradient,
  gatherNdGradient,
  maximumGradient,
  minimumGradient,
  mirrorPadGradient,
  resizeBilinearGradient,
  resizeNearestNeighborGradient,
  scatterNdGradient,
  sparseToDenseGradient,
  squaredDifferenceGradient,
  stridedSliceGradient,
  tensorScatterUpdateGradient,
  tileGradient,
  topKGradient,
  unpackGradient,
];

/** For derivatives along a direction, which differentiate a backward pass with respect to its dy. */
export const backwardGradients: readonly tf.GradConfig[] = [
  averagePoolGradGradient,
  averagePool3dGradGradient,
  depthwiseConv2dBackpropInputGradient,
  dilation2dBackpropInputGradient,
  eluGradGradient,
  lrnGradGradient,
  maxPoolGradGradient,
  maxPool3dGradGradient,
];

/** Kernels that a backend lacks or has wrong. */
export const repairedKernels: readonly tf.KernelConfig[] = [
  conv3dBackpropInputKernel,
  einsumKernel,
  maxPoolGradKernel,
  maxPool3dKernel,
  ...maxPool3dGradKernels,
  unsortedSegmentSumKernel,
];

/** Kernels whose arguments or result are put right. */
export const kernelWrappers: readonly KernelWrapper[] = [
  ...batchMatMulWrappers,
  dilation2dWrapper,
  oneHotWrapper,
  ...sameConvolutionWrappers,
  stepWrapper,
  ...stridedSliceWrappers,
];

/**
 * Puts right what tfjs gets wrong in gradients, and in a few kernels, for the whole process. Idempotent, and to be
 * called again after a backend or package of tfjs has been loaded, since those register their own versions over ours.
 */
export function installGradientRepairs(): void {
  for (const config of [...repairedGradients, ...backwardGradients]) {
    if (tf.getGradient(config.kernelName) === config) continue;
    if (tf.getGradient(config.kernelName) !== undefined) tf.unregisterGradient(config.kernelName);
    tf.registerGradient(config);
  }
  const backend = tf.getBackend();
  for (const config of repairedKernels) {
    // Only once the backend has registered its own: it would put them over ours.
    if (config.backendName !== backend) continue;
    const present = tf.getKernel(config.kernelName, backend);
    if (present?.kernelFunc === config.kernelFunc) continue;
    if (present !== undefined) tf.unregisterKernel(config.kernelName, backend);
    tf.registerKernel(config);
  }
  for (const wrapper of kernelWrappers) {
    if (wrapper.backendName === backend) installWrapper(wrapper);
  }
}
