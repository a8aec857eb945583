import * as tf from "@tensorflow/tfjs-core";
import { rank4, rank5 } from "../../../src/models/repairs/attributes.ts";
import { kernelCases } from "./kernelCases.ts";
import { filter, filter3d, fine, ids, type OpCase, op, random, values } from "./opCase.ts";

const normal = (x: tf.Tensor, scale?: tf.Tensor, offset?: tf.Tensor) =>
  tf.batchNorm(x, tf.tensor1d([0.1, 0.2, 0.3]), tf.tensor1d([1, 0.5, 2]), offset, scale, 1e-3);
const bothGiven = (x: tf.Tensor) => normal(x, tf.tensor1d([1, 2, -1]), tf.tensor1d([0, 1, 2]));

const convolutions: readonly OpCase[] = [
  op("conv2d, same, strides", (x) => tf.conv2d(rank4(x), filter([3, 3, 2, 4]), 2, "same"), values([2, 7, 6, 2])),
  op("conv2d, valid", (x) => tf.conv2d(rank4(x), filter([3, 2, 2, 4]), [1, 2], "valid"), values([2, 7, 6, 2])),
  op("conv2d, 1×1", (x) => tf.conv2d(rank4(x), filter([1, 1, 2, 4]), 1, "same"), values([2, 7, 6, 2])),
  op("conv2d, 1×1, strides", (x) => tf.conv2d(rank4(x), filter([1, 1, 2, 4]), 2, "same"), values([2, 7, 6, 2])),
  op("conv2d, dilated", (x) => tf.conv2d(rank4(x), filter([3, 3, 2, 4]), 1, "same", "NHWC", 2), values([2, 9, 8, 2])),
  op(
    "conv2d, stride over the filter",
    (x) => tf.conv2d(rank4(x), filter([2, 2, 2, 4]), 3, "same"),
    values([2, 6, 9, 2]),
  ),
  op(
    "conv2d, padding written out",
    (x) =>
      tf.conv2d(rank4(x), filter([3, 3, 2, 4]), 2, [
        [0, 0],
        [1, 0],
        [0, 2],
        [0, 0],
      ]),
    values([2, 7, 6, 2]),
  ),
  op("conv2d, padding of 1", (x) => tf.conv2d(rank4(x), filter([3, 3, 2, 4]), 2, 1), values([2, 7, 6, 2]), {
    not: ["tensorflow"],
  }),
  op(
    "conv2dTranspose",
    (x) => tf.conv2dTranspose(rank4(x), filter([3, 3, 4, 2]), [2, 10, 12, 4], 2, "same"),
    values([2, 5, 6, 2]),
  ),
  op("conv3d", (x) => tf.conv3d(rank5(x), filter3d([2, 3, 2, 2, 4]), 1, "same"), values([1, 4, 5, 3, 2])),
  op("conv3d, strides", (x) => tf.conv3d(rank5(x), filter3d([2, 3, 2, 2, 4]), 2, "same"), values([1, 4, 5, 3, 2])),
  op("depthwiseConv2d", (x) => tf.depthwiseConv2d(rank4(x), filter([3, 3, 2, 1]), 1, "same"), values([2, 7, 6, 2])),
  op(
    "depthwiseConv2d, three filters a channel",
    (x) => tf.depthwiseConv2d(rank4(x), filter([3, 3, 2, 3]), 2, "same"),
    values([2, 7, 6, 2]),
  ),
  op(
    "depthwiseConv2d, valid",
    (x) => tf.depthwiseConv2d(rank4(x), filter([3, 2, 2, 1]), 2, "valid"),
    values([2, 8, 7, 2]),
  ),
  op(
    "depthwiseConv2d, dilated",
    (x) => tf.depthwiseConv2d(rank4(x), filter([3, 3, 2, 2]), 1, "same", "NHWC", 2),
    values([2, 8, 7, 2]),
  ),
  op(
    "separableConv2d",
    (x) => tf.separableConv2d(rank4(x), filter([3, 3, 2, 2]), filter([1, 1, 4, 3]), 1, "same"),
    values([2, 6, 7, 2]),
  ),
];

const pooling: readonly OpCase[] = [
  op("avgPool, same, strides", (x) => tf.avgPool(rank4(x), 3, 2, "same"), values([2, 7, 5, 3])),
  op("avgPool, same", (x) => tf.avgPool(rank4(x), 2, 1, "same"), values([1, 4, 5, 2])),
  op("avgPool, valid", (x) => tf.avgPool(rank4(x), [2, 3], [1, 2], "valid"), values([2, 6, 7, 3])),
  op("avgPool3d, same", (x) => tf.avgPool3d(rank5(x), 2, 1, "same"), values([1, 3, 4, 3, 2])),
  op("maxPool", (x) => tf.maxPool(rank4(x), 3, 1, "same"), values([2, 7, 6, 2], 0.1)),
  op("maxPool below zero", (x) => tf.maxPool(rank4(x), 2, 2, "valid"), values([1, 6, 6, 2], 0.1, -10)),
  op("maxPool below zero, same", (x) => tf.maxPool(rank4(x), 3, 2, "same"), values([2, 7, 6, 2], 0.1, -20)),
  op("maxPool3d below zero", (x) => tf.maxPool3d(rank5(x), 2, 2, "valid"), values([1, 4, 4, 4, 2], 0.1, -20)),
  op("mean", (x) => tf.mean(x, [1, 2]), values([2, 4, 5, 3])),
  op("max", (x) => tf.max(x, [1]), values([4, 5, 3], 0.3)),
  op("max below zero", (x) => tf.max(x, [1, 2]), values([2, 5, 3, 2], 0.3, -30)),
  op("min", (x) => tf.min(x, [1]), values([4, 5, 3], 0.3)),
  op("sum", (x) => tf.sum(x, [1], true), values([4, 5, 3], 0.3)),
  op("prod", (x) => tf.prod(x, [1]), values([4, 3], 0.3, 0.1), fine),
  op("logSumExp", (x) => tf.logSumExp(x, [1]), values([4, 5, 3], 0.1)),
];

const elementwise: readonly OpCase[] = [
  op("relu", (x) => tf.relu(x), values([6, 7], 0.5)),
  op("relu6", (x) => tf.relu6(x), values([6, 7], 0.5)),
  op("leakyRelu", (x) => tf.leakyRelu(x, 0.1), values([6, 7], 0.5)),
  op("prelu", (x) => tf.prelu(x, tf.tensor1d([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])), values([6, 7], 0.5)),
  op("elu", (x) => tf.elu(x), values([6, 7], 0.1), fine),
  op("selu", (x) => tf.selu(x), values([6, 7], 0.1), fine),
  op("softplus", (x) => tf.softplus(x), values([6, 7], 0.1)),
  op("tanh", (x) => tf.tanh(x), values([6, 7], 0.1)),
  op("sigmoid", (x) => tf.sigmoid(x), values([6, 7], 0.1)),
  op("softmax", (x) => tf.softmax(x), values([6, 7], 0.1)),
  op("logSoftmax", (x) => tf.logSoftmax(x), values([6, 7], 0.1)),
  op("erf", (x) => tf.erf(x), values([6, 7], 0.1)),
  op("exp", (x) => tf.exp(x), values([6, 7], 0.05)),
  op("log", (x) => tf.log(x), values([6, 7], 0.05, 3)),
  op("sqrt", (x) => tf.sqrt(x), values([6, 7], 0.05, 3)),
  op("rsqrt", (x) => tf.rsqrt(x), values([6, 7], 0.05, 3)),
  op("square", (x) => tf.square(x), values([6, 7], 0.1)),
  op(
    "squaredDifference, both from x, one broadcast",
    (x) => tf.squaredDifference(x, tf.mean(x, -1, true)),
    values([6, 7], 0.1),
  ),
  op(
    "maximum, both from x, one broadcast",
    (x) => tf.maximum(x, tf.mul(tf.mean(x, -1, true), 1.1)),
    values([6, 7], 0.5),
  ),
  op("minimum, both from x, one broadcast", (x) => tf.minimum(tf.mul(tf.mean(x, 0), 1.1), x), values([6, 7], 0.5)),
  op("squaredDifference", (x) => tf.squaredDifference(x, random([7])), values([6, 7], 0.1)),
  op("pow", (x) => tf.pow(x, 3), values([6, 7], 0.1)),
  op("abs", (x) => tf.abs(x), values([6, 7], 0.5)),
  op("reciprocal", (x) => tf.reciprocal(x), values([6, 7], 0.05, 3)),
  op("div", (x) => tf.div(random([7]), x), values([6, 7], 0.05, 3)),
  op("clipByValue", (x) => tf.clipByValue(x, -3, 4), values([6, 7], 0.5)),
  op("maximum", (x) => tf.maximum(x, 0.1), values([6, 7], 0.5)),
  op("minimum", (x) => tf.minimum(0.1, x), values([6, 7], 0.5)),
  op("sin and cos", (x) => tf.mul(tf.sin(x), tf.cos(x)), values([4, 6], 0.1)),
  op("atan", (x) => tf.atan(x), values([4, 6], 0.1)),
  op("log1p and expm1", (x) => tf.mul(tf.log1p(x), tf.expm1(tf.neg(x))), values([4, 6], 0.1, 3)),
  op("addN", (x) => tf.addN([x, tf.square(x), x]), values([4, 6], 0.1)),
  op("norm", (x) => tf.norm(x, 2, 1), values([4, 6], 0.1)),
];

const normalization: readonly OpCase[] = [
  op("batchNorm", bothGiven, values([2, 4, 4, 3])),
  op("batchNorm of vectors", bothGiven, values([5, 3])),
  op("batchNorm of sequences", bothGiven, values([5, 4, 3])),
  op(
    "localResponseNormalization",
    (x) => tf.localResponseNormalization(rank4(x), 2, 1, 0.5, 0.5),
    values([1, 3, 3, 6], 0.05),
  ),
];

const shapes: readonly OpCase[] = [
  op("gather", (x) => tf.gather(x, ids([0, 2, 2, 1])), values([4, 3])),
  op("gather on an inner axis", (x) => tf.gather(x, ids([0, 2, 2, 1], [2, 2]), 1), values([4, 3, 2])),
  op("gather on axis −1", (x) => tf.gather(x, ids([0, 1, 1]), -1), values([4, 3, 2]), { not: ["tensorflow"] }),
  op("gather in batches", (x) => tf.gather(x, ids([0, 2, 2, 1], [2, 2]), 1, 1), values([2, 3, 2])),
  op("gatherND", (x) => tf.gatherND(x, ids([0, 1, 2, 2, 0, 1], [3, 2])), values([3, 3, 2], 0.1)),
  op("scatterND", (x) => tf.scatterND(ids([1, 3], [2, 1]), x, [5, 3]), values([2, 3], 0.1)),
  op("stridedSlice", (x) => tf.stridedSlice(x, [1, 0], [7, 5], [2, 3]), values([8, 6])),
  op("stridedSlice backwards", (x) => tf.stridedSlice(x, [6, 5], [1, 0], [-2, -1]), values([8, 6])),
  op(
    "stridedSlice with a dropped axis",
    (x) => tf.stridedSlice(x, [1, 0, 0], [2, 5, 2], [1, 2, 1], 0, 0, 0, 0, 1),
    values([3, 6, 4]),
  ),
  op(
    "stridedSlice with a new axis",
    (x) => tf.stridedSlice(x, [1, 0, 0], [7, 0, 6], [2, 1, 2], 0, 0, 0, 2, 0),
    values([8, 6]),
  ),
  op("slice", (x) => tf.slice(x, [1, 2], [2, -1]), values([4, 5], 0.1)),
  op(
    "pad",
    (x) =>
      tf.pad(
        x,
        [
          [1, 2],
          [0, 1],
        ],
        3,
      ),
    values([4, 5], 0.1),
  ),
  op(
    "mirrorPad, reflect",
    (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 2],
          [2, 1],
        ],
        "reflect",
      ),
    values([4, 5], 0.1),
  ),
  op(
    "mirrorPad, symmetric",
    (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 2],
          [2, 1],
        ],
        "symmetric",
      ),
    values([4, 5], 0.1),
  ),
  op("tile", (x) => tf.tile(x, [2, 3]), values([4, 5], 0.1)),
  op("tile of rank 5", (x) => tf.tile(x, [1, 2, 1, 2, 3]), values([2, 1, 2, 2, 1], 0.1)),
  op("broadcastTo", (x) => tf.broadcastTo(x, [3, 4, 5]), values([4, 1], 0.1)),
  op("transpose", (x) => tf.square(tf.transpose(x, [1, 2, 0])), values([4, 2, 3], 0.1)),
  op("reverse", (x) => tf.reverse(x, [1]), values([4, 2, 3], 0.1)),
  op("concat", (x) => tf.concat([x, tf.square(x), random([4, 2])], 1), values([4, 5], 0.1)),
  op("stack", (x) => tf.stack([x, tf.square(x)], 1), values([4, 5], 0.1)),
  op(
    "split",
    (x) => {
      const [a = x, b = x] = tf.split(x, [2, 2], 1);
      return tf.mul(a, b);
    },
    values([4, 4], 0.1),
  ),
  op(
    "unstack",
    (x) => {
      const [a = x, b = x] = tf.unstack(x, 1);
      return tf.mul(a, b);
    },
    values([4, 2, 3], 0.1),
  ),
  op("cumsum", (x) => tf.cumsum(x, 1, true, true), values([4, 5], 0.1)),
  op("cumsum on an inner axis", (x) => tf.cumsum(x, 1), values([4, 5, 2], 0.1)),
  op("depthToSpace", (x) => tf.depthToSpace(rank4(x), 2), values([2, 2, 3, 8], 0.1)),
  op(
    "spaceToBatchND",
    (x) =>
      tf.spaceToBatchND(
        x,
        [2, 2],
        [
          [0, 0],
          [1, 1],
        ],
      ),
    values([2, 4, 4, 2], 0.1),
  ),
  op(
    "batchToSpaceND",
    (x) =>
      tf.batchToSpaceND(
        x,
        [2, 2],
        [
          [0, 0],
          [1, 0],
        ],
      ),
    values([4, 2, 2, 2], 0.1),
  ),
];

const products: readonly OpCase[] = [
  op("matMul, left", (x) => tf.matMul(x, random([3, 4])), values([2, 5, 3], 0.1)),
  op("matMul, right", (x) => tf.matMul(random([2, 5, 3]), x), values([3, 4], 0.1)),
  op("matMul, right, repeated left", (x) => tf.matMul(random([5, 3]), x), values([2, 3, 4], 0.1)),
  op("matMul, both transposed", (x) => tf.matMul(x, random([2, 4, 5]), true, true), values([2, 5, 3], 0.1)),
  op("matMul, right transposed", (x) => tf.matMul(random([2, 4, 3]), x, false, true), values([2, 5, 3], 0.1)),
  op(
    "one-hot of floats × matrix",
    (x) => tf.matMul(tf.oneHot(tf.tensor1d([0, 2], "int32"), 3, 1.5, 0.5, "float32"), x),
    values([3, 2], 0.1),
  ),
  op("one-hot × matrix", (x) => tf.matMul(tf.oneHot(tf.tensor1d([0, 2], "int32"), 3), x), values([3, 2], 0.1)),
];

const resizing: readonly OpCase[] = [false, true].flatMap((alignCorners) => [
  ...(alignCorners ? [false] : [false, true]).flatMap((halfPixel) => {
    const how = alignCorners ? "corners aligned" : halfPixel ? "half-pixel centres" : "plain";
    return [
      op(
        `resizeBilinear up, ${how}`,
        (x) => tf.image.resizeBilinear(rank4(x), [7, 5], alignCorners, halfPixel),
        values([2, 4, 3, 2], 0.1),
      ),
      op(
        `resizeBilinear down, ${how}`,
        (x) => tf.image.resizeBilinear(rank4(x), [3, 2], alignCorners, halfPixel),
        values([1, 7, 5, 2], 0.1),
      ),
      op(
        `resizeNearestNeighbor, ${how}`,
        (x) => tf.image.resizeNearestNeighbor(rank4(x), [7, 6], alignCorners, halfPixel),
        values([2, 4, 3, 2], 0.1),
      ),
    ];
  }),
]);

/** Every op on the gradient paths of the models that load, at points off the kinks. */
export const opCases: readonly OpCase[] = [
  ...convolutions,
  ...pooling,
  ...elementwise,
  ...normalization,
  ...shapes,
  ...products,
  ...resizing,
  ...kernelCases,
];
