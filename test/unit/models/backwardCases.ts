import * as tf from "@tensorflow/tfjs-core";
import { type OpCase, op, random, values } from "./opCase.ts";

/** A backward kernel as a function of its dy, in which it is linear. */
const backward = (kernel: string, inputs: tf.NamedTensorMap, attrs: tf.NamedAttrMap) => (dy: tf.Tensor) =>
  tf.engine().runKernel<tf.Tensor>(kernel, { ...inputs, dy }, attrs);

/** Small whole numbers, so that windows have several equal maxima. */
const tied = (shape: number[]) => tf.round(tf.mul(random(shape), 2));

/** A pooling of x and its backward kernel, whose dy has the shape that comes out. */
function pooling(
  kernel: string,
  create: () => tf.Tensor,
  forward: (x: tf.Tensor) => tf.Tensor,
  attrs: tf.NamedAttrMap,
): Pick<OpCase, "f" | "x"> {
  return {
    f: (dy) => {
      const input = create();
      return backward(kernel, { input, output: forward(input) }, attrs)(dy);
    },
    x: () => tf.tidy(() => random(forward(create()).shape, 7)),
  };
}

const pool = (kernel: string, create: () => tf.Tensor, pad: "same" | "valid", size: number, strides: number) => {
  const attrs = { filterSize: [size, size], strides: [strides, strides], pad };
  const type = kernel === tf.MaxPoolGrad ? "max" : "avg";
  return pooling(kernel, create, (x) => tf.pool(x as tf.Tensor4D, size, type, pad, 1, strides), attrs);
};
const pool3d = (kernel: string, create: () => tf.Tensor, pad: "same" | "valid", size: number, strides: number) => {
  const three = (side: number): [number, number, number] => [side, side, side];
  const attrs = { filterSize: three(size), strides: three(strides), pad };
  const run = kernel === tf.MaxPool3DGrad ? tf.maxPool3d : tf.avgPool3d;
  return pooling(kernel, create, (x) => run(x as tf.Tensor5D, size, strides, pad), attrs);
};

const poolings: readonly OpCase[] = (["same", "valid"] as const).flatMap((pad) => [
  { name: `AvgPoolGrad, ${pad}`, ...pool(tf.AvgPoolGrad, () => random([2, 7, 5, 3]), pad, 3, 2) },
  { name: `AvgPool3DGrad, ${pad}`, ...pool3d(tf.AvgPool3DGrad, () => random([1, 4, 5, 3, 2]), pad, 2, 1) },
  { name: `MaxPoolGrad, ${pad}`, ...pool(tf.MaxPoolGrad, values([2, 7, 6, 2], 0.1, -20), pad, 3, 2) },
  { name: `MaxPoolGrad with equal maxima, ${pad}`, ...pool(tf.MaxPoolGrad, () => tied([2, 7, 6, 2]), pad, 3, 1) },
  { name: `MaxPool3DGrad, ${pad}`, ...pool3d(tf.MaxPool3DGrad, values([1, 4, 5, 4, 2], 0.1, -20), pad, 3, 2) },
  {
    name: `MaxPool3DGrad with equal maxima, ${pad}`,
    ...pool3d(tf.MaxPool3DGrad, () => tied([1, 4, 5, 4, 2]), pad, 2, 1),
  },
]);

/** Backward kernels that have a transpose, at points with equal maxima too: what is linear has no kinks. */
export const backwardCases: readonly OpCase[] = [
  ...poolings,
  op(
    "EluGrad",
    (dy) => backward(tf.EluGrad, { y: tf.elu(values([6, 7], 0.1)()) }, {})(dy),
    () => random([6, 7]),
  ),
  ...[1, 3].map((depthRadius) =>
    op(
      `LRNGrad, radius ${depthRadius}`,
      (dy) => {
        const x = tf.mul(random([1, 3, 3, 6], 8), 3) as tf.Tensor4D;
        const y = tf.localResponseNormalization(x, depthRadius, 1.2, 0.5, 0.7);
        return backward(tf.LRNGrad, { x, y }, { depthRadius, bias: 1.2, alpha: 0.5, beta: 0.7 })(dy);
      },
      () => random([1, 3, 3, 6]),
    ),
  ),
  ...(["same", "valid"] as const).flatMap((pad) =>
    [1, 2].map((multiplier) =>
      op(
        `DepthwiseConv2dNativeBackpropInput, ${pad}, ${multiplier} filters a channel`,
        (dy) =>
          backward(
            tf.DepthwiseConv2dNativeBackpropInput,
            { filter: random([3, 3, 2, multiplier]) },
            { strides: [2, 2], pad, dimRoundingMode: "floor", dilations: [1, 1], inputShape: [2, 7, 6, 2] },
          )(dy),
        () => random(pad === "same" ? [2, 4, 3, 2 * multiplier] : [2, 3, 2, 2 * multiplier]),
        { not: ["wasm"] },
      ),
    ),
  ),
  ...[values([1, 5, 4, 2], 0.37), () => tied([1, 5, 4, 2])].flatMap((create, tie) =>
    [1, 2].map((rate) =>
      op(
        `Dilation2DBackpropInput${tie ? " with equal maxima" : ""}, rate ${rate}`,
        (dy) =>
          backward(
            tf.Dilation2DBackpropInput,
            { x: create(), filter: tie ? tf.zeros([2, 3, 2]) : random([2, 3, 2]) },
            { strides: [1, 1], pad: "same", dilations: [rate, rate] },
          )(dy),
        () => random([1, 5, 4, 2], 9),
        { not: ["wasm"] },
      ),
    ),
  ),
];
