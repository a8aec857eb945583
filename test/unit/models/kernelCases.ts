import * as tf from "@tensorflow/tfjs-core";
import { rank4, rank5 } from "../../../src/models/repairs/attributes.ts";
import { filter, filter3d, fine, ids, type OpCase, op, random, values } from "./opCase.ts";

/** Small steps, for functions that bend much within 0.01. */
const finest = { differences: { step: 3e-4 } };

const functions: readonly OpCase[] = [
  op("acos", (x) => tf.acos(x), values([4, 5], 0.05)),
  op("acosh", (x) => tf.acosh(x), values([4, 5], 0.1, 3)),
  op("asin", (x) => tf.asin(x), values([4, 5], 0.05)),
  op("asinh", (x) => tf.asinh(x), values([4, 5], 0.1)),
  op("atanh", (x) => tf.atanh(x), values([4, 5], 0.05)),
  op("cosh", (x) => tf.cosh(x), values([4, 5], 0.1)),
  op("sinh", (x) => tf.sinh(x), values([4, 5], 0.1)),
  op("tan", (x) => tf.tan(x), values([4, 5], 0.05)),
  op("atan2, first", (x) => tf.atan2(x, random([5])), values([4, 5], 0.1), finest),
  op("atan2, second", (x) => tf.atan2(random([4, 1]), x), values([4, 5], 0.1, 3)),
  op("mod, first", (x) => tf.mod(x, 0.77), values([4, 5], 0.1)),
  op("mod, second", (x) => tf.mod(random([4, 5]), x), values([5], 0.1, 2)),
  op("gelu by erf", (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)), values([6, 7], 0.1)),
  op("erf of large values", (x) => tf.erf(x), values([6, 7], 0.2)),
  op("softplus of large values", (x) => tf.softplus(x), values([6, 7], 1)),
  op("sigmoid of large values", (x) => tf.sigmoid(x), values([6, 7], 0.6)),
  op("logSoftmax of large values", (x) => tf.logSoftmax(x), values([4, 7], 1)),
  op("logSoftmax on an inner axis by its parts", (x) => tf.sub(x, tf.logSumExp(x, 1, true)), values([2, 5, 3], 0.1)),
  op("elu far below zero", (x) => tf.elu(x), values([6, 7], 0.1, -2.5)),
  op("selu far below zero", (x) => tf.selu(x), values([6, 7], 0.1, -2.5)),
  op("leakyRelu of slope 2", (x) => tf.leakyRelu(x, 2), values([6, 7], 0.5)),
  op("prelu, slope", (x) => tf.prelu(values([2, 4, 7], 0.5)(), x), values([4, 7], 0.1)),
  op("prelu, channels of pictures", (x) => tf.prelu(x, random([1, 1, 3])), values([2, 4, 4, 3], 0.1)),
  op("sqrt of small values", (x) => tf.sqrt(x), values([5, 4], 1e-4, 2e-3), { differences: { step: 1e-5 } }),
  op("rsqrt of small values", (x) => tf.rsqrt(x), values([5, 4], 1e-4, 2e-3), { differences: { step: 1e-5 } }),
  op("pow, negative base, odd", (x) => tf.pow(x, tf.tensor1d([3, 1, 5])), values([4, 3], 0.1, -1.2)),
  op("pow, negative base, even", (x) => tf.pow(x, 2), values([4, 3], 0.1, -1.2)),
  op("pow, fractional exponent", (x) => tf.pow(x, 1.7), values([4, 3], 0.1, 2)),
  op("pow, negative exponent", (x) => tf.pow(x, -2), values([4, 3], 0.1, 2)),
  op("pow, exponent", (x) => tf.pow(tf.tensor1d([0.5, 2, 3]), x), values([4, 3], 0.1)),
  op("sub, both sides", (x) => tf.sub(tf.sub(x, random([3, 1])), tf.square(x)), values([3, 4], 0.1)),
  op("mul, repeated", (x) => tf.mul(random([2, 3, 4]), x), values([3, 1], 0.1)),
  op("add, repeated", (x) => tf.add(random([2, 3, 4]), tf.square(x)), values([3, 1], 0.1)),
  op("div, numerator repeated", (x) => tf.div(x, tf.add(tf.square(random([2, 3, 4])), 1)), values([4], 0.1)),
  op("div, denominator repeated", (x) => tf.div(random([2, 3, 4]), x), values([3, 1], 0.1, 2)),
  op("squaredDifference, second, repeated", (x) => tf.squaredDifference(random([3, 4]), x), values([4], 0.1)),
  op("maximum, repeated", (x) => tf.maximum(x, values([3, 4], 0.37)()), values([4], 0.5)),
  op("minimum, repeated", (x) => tf.minimum(values([3, 4], 0.37)(), x), values([3, 1], 0.5)),
  op("where, repeated", (x) => tf.where(mask([2, 3, 4]), tf.square(x), tf.tensor1d([1, 2, 3, 4])), values([3, 1], 0.3)),
  op("where, both branches", (x) => tf.where(mask([3, 4]), tf.square(x), tf.exp(x)), values([3, 4], 0.3)),
  op("identity and expandDims", (x) => tf.square(tf.expandDims(tf.clone(x), 1)), values([3, 4], 0.1)),
  op("likes", (x) => tf.mul(tf.add(tf.onesLike(x), tf.zerosLike(x)), tf.square(x)), values([3, 4], 0.1)),
];

const wide: readonly OpCase[] = [
  op("conv2d, filter", (x) => tf.conv2d(filter([2, 6, 5, 2]), rank4(x), 2, "same"), values([3, 3, 2, 3])),
  op(
    "conv2d, filter, valid, strides",
    (x) => tf.conv2d(filter([2, 8, 7, 2]), rank4(x), [3, 2], "valid"),
    values([3, 2, 2, 3]),
  ),
  op(
    "conv2d, filter, dilated",
    (x) => tf.conv2d(filter([2, 8, 7, 2]), rank4(x), 1, "same", "NHWC", 2),
    values([3, 2, 2, 3]),
  ),
  op("conv2d, filter, 1×1", (x) => tf.conv2d(filter([2, 8, 7, 2]), rank4(x), 2, "same"), values([1, 1, 2, 3])),
  op("conv3d, filter", (x) => tf.conv3d(filter3d([1, 4, 5, 4, 2]), rank5(x), 1, "same"), values([2, 2, 3, 2, 2])),
  op(
    "depthwiseConv2d, filter",
    (x) => tf.depthwiseConv2d(filter([2, 6, 7, 2]), rank4(x), 2, "same"),
    values([3, 3, 2, 2]),
  ),
  op(
    "depthwiseConv2d, filter, dilated",
    (x) => tf.depthwiseConv2d(filter([2, 6, 7, 2]), rank4(x), 1, "valid", "NHWC", 2),
    values([2, 3, 2, 2]),
  ),
  op(
    "conv2d, dilated unevenly, valid",
    (x) => tf.conv2d(rank4(x), filter([3, 2, 2, 4]), 1, "valid", "NHWC", [2, 3]),
    values([1, 9, 8, 2]),
  ),
  op(
    "conv1d",
    (x) =>
      tf.conv1d(tf.reshape<tf.Rank.R3>(x, [2, 9, 3]), tf.reshape<tf.Rank.R3>(random([3, 3, 4]), [3, 3, 4]), 2, "same"),
    values([2, 9, 3]),
  ),
  op(
    "conv1d, dilated",
    (x) =>
      tf.conv1d(
        tf.reshape<tf.Rank.R3>(x, [2, 9, 3]),
        tf.reshape<tf.Rank.R3>(random([3, 3, 4]), [3, 3, 4]),
        1,
        "valid",
        "NWC",
        2,
      ),
    values([2, 9, 3]),
  ),
  op(
    "conv2dTranspose, valid",
    (x) => tf.conv2dTranspose(rank4(x), filter([3, 2, 4, 2]), [2, 11, 12, 4], 2, "valid"),
    values([2, 5, 6, 2]),
  ),
  op(
    "conv2dTranspose, padding written out",
    (x) =>
      tf.conv2dTranspose(rank4(x), filter([3, 3, 4, 2]), [2, 9, 11, 4], 2, [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]),
    values([2, 5, 6, 2]),
    { not: ["tensorflow"] },
  ),
  op(
    "conv2dTranspose, filter",
    (x) => tf.conv2dTranspose(filter([2, 5, 6, 2]), rank4(x), [2, 10, 12, 4], 2, "same"),
    values([3, 3, 4, 2]),
  ),
  op(
    "conv3dTranspose",
    (x) => tf.conv3dTranspose(rank5(x), filter3d([2, 2, 2, 3, 2]), [1, 4, 6, 4, 3], 2, "same"),
    values([1, 2, 3, 2, 2]),
  ),
  op(
    "conv3dTranspose, valid",
    (x) => tf.conv3dTranspose(rank5(x), filter3d([2, 3, 2, 3, 2]), [1, 4, 7, 4, 3], 2, "valid"),
    values([1, 2, 3, 2, 2]),
  ),
  op(
    "conv3d, dilated",
    (x) => tf.conv3d(rank5(x), filter3d([2, 2, 2, 2, 3]), 1, "same", "NDHWC", 2),
    values([1, 4, 5, 4, 2]),
    { not: ["tensorflow"] },
  ),
  op(
    "depthwiseConv2d, strides and three filters, valid",
    (x) => tf.depthwiseConv2d(rank4(x), filter([3, 3, 2, 3]), [2, 2], "valid"),
    values([2, 9, 8, 2]),
  ),
  op(
    "depthwiseConv2d, dilated unevenly",
    (x) => tf.depthwiseConv2d(rank4(x), filter([3, 3, 2, 2]), 1, "valid", "NHWC", [2, 3]),
    values([1, 8, 9, 2]),
  ),
  op(
    "depthwiseConv2d, padding written out",
    (x) => tf.depthwiseConv2d(rank4(x), filter([3, 3, 2, 1]), 2, 1),
    values([2, 7, 6, 2]),
    { not: ["tensorflow"] },
  ),
  op(
    "dilation2d",
    (x) => tf.dilation2d(rank4(x), tf.reshape<tf.Rank.R3>(random([2, 2, 2]), [2, 2, 2]), 1, "same"),
    values([1, 5, 4, 2], 0.37),
    { not: ["wasm"] },
  ),
  op(
    "dilation2d, filter",
    (x) => tf.dilation2d(rank4(values([1, 5, 4, 2], 0.37)()), tf.reshape<tf.Rank.R3>(x, [2, 2, 2]), 1, "same"),
    values([2, 2, 2]),
    { not: ["wasm"] },
  ),
  op("avgPool, padding of 1", (x) => tf.avgPool(rank4(x), 3, 2, 1), values([2, 7, 6, 2]), { not: ["tensorflow"] }),
  op("maxPool, padding of 1", (x) => tf.maxPool(rank4(x), 3, 2, 1), values([2, 7, 6, 2], 0.1, -30), {
    not: ["tensorflow"],
  }),
  op(
    "avgPool, padding written out",
    (x) =>
      tf.avgPool(rank4(x), [3, 2], 2, [
        [0, 0],
        [1, 0],
        [0, 1],
        [0, 0],
      ]),
    values([2, 7, 6, 2]),
    { not: ["tensorflow"] },
  ),
  op(
    "maxPool, padding written out",
    (x) =>
      tf.maxPool(rank4(x), [3, 2], 2, [
        [0, 0],
        [1, 0],
        [0, 1],
        [0, 0],
      ]),
    values([2, 7, 6, 2], 0.1, -30),
    { not: ["tensorflow"] },
  ),
  op("avgPool, dilated", (x) => tf.pool(rank4(x), 2, "avg", "valid", 2, 1), values([2, 6, 6, 2])),
  op("maxPool, dilated", (x) => tf.pool(rank4(x), 2, "max", "valid", 2, 1), values([2, 6, 6, 2], 0.1)),
  op("avgPool3d, padding of 1", (x) => tf.avgPool3d(rank5(x), 3, 2, 1), values([1, 4, 5, 4, 2]), {
    not: ["tensorflow"],
  }),
  op("maxPool3d, padding of 1", (x) => tf.maxPool3d(rank5(x), 3, 2, 1), values([1, 4, 5, 4, 2], 0.1, -30), {
    not: ["tensorflow"],
  }),
  op("maxPool3d, same", (x) => tf.maxPool3d(rank5(x), 2, 2, "same"), values([1, 3, 5, 4, 2], 0.1)),
  op("mean of several axes", (x) => tf.mean(x, [0, 2], true), values([3, 4, 5])),
  op("sum of several axes", (x) => tf.square(tf.sum(x, [0, 2])), values([3, 4, 5])),
  op("sum of everything", (x) => tf.square(tf.sum(x)), values([3, 4], 0.01, 1)),
  op("max of several axes", (x) => tf.max(x, [0, 2], true), values([3, 4, 5], 0.3)),
  op("min of several axes", (x) => tf.min(x, [0, 2]), values([3, 4, 5], 0.3)),
  op("prod of several axes", (x) => tf.prod(x, [0, 2]), values([2, 3, 3], 0.2, 0.03), fine),
  op(
    "prod with a zero",
    (x) => tf.prod(x, [1]),
    () => tf.tensor2d([0.5, 0, 1.2, -0.7, 0.9, 0], [2, 3]),
    fine,
  ),
  op("variance", (x) => tf.moments(x, [1]).variance, values([4, 5], 0.1)),
];

const movements: readonly OpCase[] = [
  op("cumsum, exclusive", (x) => tf.cumsum(x, 1, true), values([2, 4, 3], 0.1)),
  op("cumsum, reverse, first axis", (x) => tf.cumsum(x, 0, false, true), values([4, 3], 0.1)),
  op("cumsum, both, inner axis", (x) => tf.cumsum(x, 1, true, true), values([2, 4, 3], 0.1)),
  op("gatherND, single values", (x) => tf.gatherND(x, ids([0, 1, 2, 2, 0, 1], [3, 2])), values([3, 4], 0.1)),
  op("gatherND of rank 4", (x) => tf.gatherND(x, ids([0, 1, 1, 0], [2, 1, 2])), values([2, 2, 3, 2], 0.1)),
  op("scatterND, the same place twice", (x) => tf.scatterND(ids([1, 3, 1], [3, 1]), x, [5, 2]), values([3, 2], 0.1)),
  op(
    "tensorScatterUpdate, tensor",
    (x) => tf.tensorScatterUpdate(x, ids([1, 3], [2, 1]), random([2, 3])),
    values([5, 3], 0.1),
  ),
  op(
    "tensorScatterUpdate, updates",
    (x) => tf.tensorScatterUpdate(random([5, 3]), ids([1, 3], [2, 1]), x),
    values([2, 3], 0.1),
  ),
  op("sparseToDense", (x) => tf.sparseToDense(ids([1, 3, 4]), x, [6], tf.scalar(0.5)), values([3], 0.1)),
  op("unsortedSegmentSum", (x) => tf.unsortedSegmentSum(x, tf.tensor1d([0, 2, 0, 1], "int32"), 3), values([4, 3], 0.1)),
  op("topk", (x) => tf.topk(x, 2).values, values([3, 5], 0.3)),
  op("topk of rank 3", (x) => tf.topk(tf.tanh(x), 3).values, values([2, 2, 4], 0.3)),
  op("slice of rank 4", (x) => tf.slice(x, [0, 1, 0, 1], [1, 2, -1, 1]), values([2, 3, 4, 2], 0.1)),
  op("stridedSlice with masks", (x) => tf.stridedSlice(x, [0, 2], [0, 0], [2, 1], 1, 3), values([5, 6], 0.1)),
  op(
    "pad of rank 4",
    (x) =>
      tf.pad(x, [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ]),
    values([2, 3, 2, 2], 0.1),
  ),
  op(
    "mirrorPad of rank 3, reflect",
    (x) =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [2, 1],
          [0, 1],
        ],
        "reflect",
      ),
    values([2, 4, 3], 0.1),
  ),
  op(
    "mirrorPad of a whole axis, symmetric",
    (x) =>
      tf.mirrorPad(
        x,
        [
          [2, 2],
          [0, 3],
        ],
        "symmetric",
      ),
    values([2, 3], 0.1),
  ),
  op("reverse of several axes", (x) => tf.reverse(x, [0, -1]), values([3, 2, 4], 0.1)),
  op("broadcastTo of a higher rank", (x) => tf.square(tf.broadcastTo(x, [2, 3, 4])), values([3, 1], 0.1)),
  op("transpose of rank 5", (x) => tf.square(tf.transpose(x, [4, 2, 0, 3, 1])), values([2, 3, 2, 1, 2], 0.1)),
  op("concat on axis 0", (x) => tf.square(tf.concat([x, random([2, 3]), x], 0)), values([4, 3], 0.1)),
  op(
    "split unevenly",
    (x) => {
      const [a = x, b = x] = tf.split(x, [1, 3], 1);
      return tf.mul(a, b);
    },
    values([4, 4], 0.1),
  ),
  op(
    "depthToSpace and back",
    (x) =>
      tf.reshape(
        tf.transpose(tf.reshape(tf.depthToSpace(rank4(x), 2), [2, 2, 2, 3, 2, 2]), [0, 1, 3, 2, 4, 5]),
        [2, 2, 3, 8],
      ),
    values([2, 2, 3, 8], 0.1),
  ),
  op("spaceToBatchND of rank 3", (x) => tf.square(tf.spaceToBatchND(x, [3], [[1, 2]])), values([2, 6, 2], 0.1)),
  op("einsum, product", (x) => tf.einsum("ij,jk->ik", x, random([3, 4])), values([2, 3], 0.1)),
  op("einsum, attention", (x) => tf.einsum("bqhd,bkhd->bhqk", x, random([2, 4, 2, 3])), values([2, 3, 2, 3], 0.1)),
  op(
    "einsum, attention, second",
    (x) => tf.einsum("bhqk,bkhd->bqhd", random([2, 2, 3, 4]), x),
    values([2, 4, 2, 3], 0.1),
  ),
  op("einsum, both", (x) => tf.einsum("ij,ij->i", x, tf.square(x)), values([4, 3], 0.1)),
  op("einsum, one operand summed", (x) => tf.einsum("ijk->ki", tf.square(x)), values([2, 3, 4], 0.1)),
  op("einsum, outer", (x) => tf.einsum("i,j->ji", x, random([4])), values([3], 0.1)),
  op("matMul of rank 4, repeated", (x) => tf.matMul(x, random([1, 3, 4, 2])), values([2, 1, 5, 4], 0.1)),
  op("matMul, left transposed", (x) => tf.matMul(x, random([3, 4]), true), values([3, 2], 0.1)),
  op(
    "matMul of rank 4, repeated crosswise, right",
    (x) => tf.matMul(random([2, 1, 5, 4]), x),
    values([1, 3, 4, 2], 0.1),
  ),
  op("matMul of rank 4, repeated inside", (x) => tf.matMul(x, random([2, 3, 4, 2])), values([2, 1, 5, 4], 0.1)),
  op(
    "matMul of rank 5, repeated, transposed",
    (x) => tf.matMul(x, random([2, 3, 1, 2, 4]), false, true),
    values([1, 3, 2, 5, 4], 0.1),
  ),
  op("dot", (x) => tf.dot(x, random([4])), values([3, 4], 0.1)),
];

/** What the kernels that opCases does not reach need to be reached, and the forms in which models of other frameworks use them. */
export const kernelCases: readonly OpCase[] = [...functions, ...wide, ...movements];

/** True and false by turns of five. */
function mask(shape: number[]): tf.Tensor {
  const size = shape.reduce((product, each) => product * each, 1);
  return tf.tensor(
    Array.from({ length: size }, (_, i) => (i % 5 < 2 ? 1 : 0)),
    shape,
    "bool",
  );
}
