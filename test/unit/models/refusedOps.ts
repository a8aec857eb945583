import * as tf from "@tensorflow/tfjs-core";
import { rank4 } from "../../../src/models/repairs/attributes.ts";
import { values } from "./opCase.ts";

export interface RefusedOp {
  readonly kernel: string;
  /** Goes from x through the kernel. */
  readonly f: (x: tf.Tensor) => tf.Tensor;
  readonly x: () => tf.Tensor;
  /** Backends without the kernel. */
  readonly not?: readonly string[];
}

const plain = values([3, 4], 0.1);
const positive = values([6], 0.5, 4);
const picture = values([1, 4, 4, 3], 0.1);
const boxes = values([4, 4], 0.05, 0.5);
const pairs = (x: tf.Tensor) => tf.complex(x, tf.zerosLike(x));
const onWasm = ["wasm"];

function op(
  kernel: string,
  f: (x: tf.Tensor) => tf.Tensor,
  x: () => tf.Tensor = plain,
  not: readonly string[] = [],
): RefusedOp {
  return { kernel, f, x, not };
}

/** Kernels that no gradient passes: constant between jumps, of integers, complex, or without a derivative in tfjs. */
export const refusedOps: readonly RefusedOp[] = [
  op("Ceil", (x) => tf.ceil(x)),
  op("Floor", (x) => tf.floor(x)),
  op("Round", (x) => tf.round(x)),
  op("Sign", (x) => tf.sign(x)),
  op("Step", (x) => tf.step(x)),
  op("FloorDiv", (x) => tf.floorDiv(x, 0.3)),
  op("ArgMax", (x) => tf.argMax(x, 1)),
  op("ArgMin", (x) => tf.argMin(x, 1)),
  op("IsFinite", (x) => tf.isFinite(x)),
  op("IsInf", (x) => tf.isInf(x)),
  op("IsNan", (x) => tf.isNaN(x)),
  op("Equal", (x) => tf.equal(x, 0.05)),
  op("NotEqual", (x) => tf.notEqual(x, 0.05)),
  op("Greater", (x) => tf.greater(x, 0)),
  op("GreaterEqual", (x) => tf.greaterEqual(x, 0)),
  op("Less", (x) => tf.less(x, 0)),
  op("LessEqual", (x) => tf.lessEqual(x, 0)),
  op("OneHot", (x) => tf.oneHot(tf.cast(x, "int32"), 4), positive),
  op("Complex", (x) => tf.real(pairs(x)), plain, onWasm),
  op("ComplexAbs", (x) => tf.abs(pairs(x)), plain, onWasm),
  op("Real", (x) => tf.real(pairs(x)), plain, onWasm),
  op("Imag", (x) => tf.imag(pairs(x)), plain, onWasm),
  op("FFT", (x) => tf.real(tf.fft(pairs(x))), plain, onWasm),
  op("IFFT", (x) => tf.real(tf.ifft(pairs(x))), plain, onWasm),
  op("Bincount", (x) => tf.bincount(tf.tensor1d([0, 1, 1, 2, 3, 0], "int32"), tf.reshape(x, [6]), 4), positive),
  op(
    "DenseBincount",
    (x) => tf.denseBincount(tf.tensor1d([0, 1, 1, 2, 3, 0], "int32"), tf.reshape(x, [6]), 4),
    positive,
    ["tensorflow"],
  ),
  op(
    "CropAndResize",
    (x) => tf.image.cropAndResize(rank4(x), tf.tensor2d([[0, 0, 0.7, 0.7]]), tf.tensor1d([0], "int32"), [2, 2]),
    picture,
  ),
  op("Cumprod", (x) => tf.cumprod(x, 1)),
  op("Diag", (x) => tf.diag(x)),
  op("FlipLeftRight", (x) => tf.image.flipLeftRight(rank4(x)), picture),
  op("RotateWithOffset", (x) => tf.image.rotateWithOffset(rank4(x), 0.3), picture, ["tensorflow"]),
  op("Transform", (x) => tf.image.transform(rank4(x), tf.tensor2d([[1, 0, 1, 0, 1, 0, 0, 0]])), picture, [
    "tensorflow",
  ]),
  op("MaxPoolWithArgmax", (x) => tf.maxPoolWithArgmax(rank4(x), 2, 2, "valid")["result"] ?? x, picture, ["tensorflow"]),
  op("Multinomial", (x) => tf.multinomial(tf.reshape<tf.Rank.R2>(x, [3, 4]), 2, 1)),
  op(
    "NonMaxSuppressionV3",
    (x) => tf.image.nonMaxSuppression(tf.reshape<tf.Rank.R2>(x, [4, 4]), tf.ones([4]), 2),
    boxes,
  ),
  op(
    "NonMaxSuppressionV4",
    (x) => tf.image.nonMaxSuppressionPadded(tf.reshape<tf.Rank.R2>(x, [4, 4]), tf.ones([4]), 2)["selectedIndices"] ?? x,
    boxes,
  ),
  op(
    "NonMaxSuppressionV5",
    (x) =>
      tf.image.nonMaxSuppressionWithScore(tf.reshape<tf.Rank.R2>(x, [4, 4]), tf.ones([4]), 2)["selectedScores"] ?? x,
    boxes,
  ),
  op("SearchSorted", (x) => tf.searchSorted(tf.tensor1d([0, 0.1, 0.2]), tf.reshape(x, [12])), plain, ["tensorflow"]),
  op("Unique", (x) => tf.unique(tf.reshape(x, [12])).values),
  op(
    "SparseSegmentMean",
    (x) =>
      tf.sparse.sparseSegmentMean(
        tf.reshape<tf.Rank.R2>(x, [3, 4]),
        tf.tensor1d([0, 1], "int32"),
        tf.tensor1d([0, 0], "int32"),
      ),
    plain,
    ["tensorflow"],
  ),
  op(
    "SparseSegmentSum",
    (x) =>
      tf.sparse.sparseSegmentSum(
        tf.reshape<tf.Rank.R2>(x, [3, 4]),
        tf.tensor1d([0, 1], "int32"),
        tf.tensor1d([0, 0], "int32"),
      ),
    plain,
    ["tensorflow"],
  ),
];
