import * as tf from "@tensorflow/tfjs-core";
import type { Activation } from "../layerFields.ts";
import {
  firstOf,
  type Initializer,
  knownSize,
  type LayerVariable,
  type Mask,
  OwnLayer,
  type Shape,
} from "./ownLayer.ts";

export interface ConvolutionOptions {
  readonly kind:
    | "Conv1D"
    | "Conv2D"
    | "Conv1DTranspose"
    | "DepthwiseConv1D"
    | "DepthwiseConv2D"
    | "SeparableConv1D"
    | "SeparableConv2D";
  /** Of the output; undefined for a depthwise convolution. */
  readonly filters: number | undefined;
  /** One number for each spatial axis, as are strides and dilations. */
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: "same" | "valid" | "causal";
  readonly groups: number;
  readonly depthMultiplier: number;
  readonly useBias: boolean;
}

/**
 * The convolutions that tfjs lacks: over steps with causal padding, transposed, depthwise or separable, and in groups of
 * channels. One spatial axis is handled as two, the second of size one: [batch, steps, 1, channels].
 */
export class Convolution extends OwnLayer {
  /** Split off and applied as a node of its own where the model is taken apart. */
  activation: Activation;
  readonly #options: ConvolutionOptions;
  readonly #initializer: Initializer;
  #kernel: LayerVariable | undefined;
  #pointwise: LayerVariable | undefined;
  #bias: LayerVariable | undefined;

  constructor(name: string, options: ConvolutionOptions, activation: Activation, initializer: Initializer) {
    super(name, options.kind);
    this.#options = options;
    this.activation = activation;
    this.#initializer = initializer;
  }

  override build(inputShape: Shape): void {
    const { kind, kernelSize, filters, groups, depthMultiplier, useBias } = this.#options;
    const channels = knownSize(this, inputShape, -1);
    const wide = channels * depthMultiplier;
    const outputs = filters ?? wide;
    switch (kind) {
      case "DepthwiseConv1D":
      case "DepthwiseConv2D":
        this.#kernel = this.parameter("kernel", [...kernelSize, channels, depthMultiplier], this.#initializer);
        break;
      case "SeparableConv1D":
      case "SeparableConv2D":
        this.#kernel = this.parameter(
          "depthwise_kernel",
          [...kernelSize, channels, depthMultiplier],
          this.#initializer,
        );
        this.#pointwise = this.parameter(
          "pointwise_kernel",
          [...kernelSize.map(() => 1), wide, outputs],
          this.#initializer,
        );
        break;
      case "Conv1DTranspose":
        this.#kernel = this.parameter("kernel", [...kernelSize, outputs, channels], this.#initializer);
        break;
      default:
        this.#kernel = this.parameter("kernel", [...kernelSize, channels / groups, outputs], this.#initializer);
    }
    if (useBias) this.#bias = this.parameter("bias", [outputs], this.#initializer);
    this.built = true;
  }

  protected override compute(inputs: readonly tf.Tensor[], _masks: readonly Mask[]): tf.Tensor {
    const kernel = this.#kernel?.read();
    if (kernel === undefined) return tf.scalar(0);
    const x = this.#padded(firstOf(inputs));
    const y = this.#convolve(twoAxes(x, this.#rank), twoAxesKernel(kernel, this.#rank));
    const flat: tf.Tensor = this.#rank === 1 ? tf.squeeze<tf.Tensor3D>(y, [2]) : y;
    return this.activation.apply(this.#bias === undefined ? flat : tf.add(flat, this.#bias.read()));
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    const { kind, filters, kernelSize, strides, dilations, padding, depthMultiplier } = this.#options;
    const [batch = null, ...rest] = firstOf(inputs);
    const channels = rest.at(-1) ?? null;
    const spatial = rest.slice(0, -1).map((size, i) => {
      const [stride = 1, width = 1, dilation = 1] = [strides[i], kernelSize[i], dilations[i]];
      if (size === null) return null;
      if (kind === "Conv1DTranspose") return transposedSize(size, width, stride, padding);
      const used = padding === "valid" ? size - (width - 1) * dilation : size;
      return Math.ceil(used / stride);
    });
    const outputs = filters ?? (channels === null ? null : channels * depthMultiplier);
    return [[batch, ...spatial, outputs]];
  }

  get #rank(): number {
    return this.#options.kernelSize.length;
  }

  /** Causal: zeros before the first step only. */
  #padded(x: tf.Tensor): tf.Tensor {
    const { padding, kernelSize, dilations } = this.#options;
    if (padding !== "causal") return x;
    const before = ((kernelSize[0] ?? 1) - 1) * (dilations[0] ?? 1);
    return tf.pad(x, [
      [0, 0],
      [before, 0],
      [0, 0],
    ]);
  }

  #convolve(x: tf.Tensor4D, kernel: tf.Tensor4D): tf.Tensor4D {
    const { kind, groups } = this.#options;
    const pad = this.#options.padding === "same" ? "same" : "valid";
    const [stride = 1] = this.#options.strides;
    const [dilation = 1] = this.#options.dilations;
    const strides: [number, number] = [stride, this.#options.strides[1] ?? 1];
    const dilations: [number, number] = [dilation, this.#options.dilations[1] ?? 1];
    if (kind === "Conv1DTranspose") {
      const [batch, steps] = x.shape;
      const size = transposedSize(steps, kernel.shape[0], stride, pad);
      return tf.conv2dTranspose(x, kernel, [batch, size, 1, kernel.shape[2]], strides, pad);
    }
    if (kind.startsWith("Depthwise") || kind.startsWith("Separable")) {
      // TensorFlow wants the same stride on both axes; a second axis of size one has one place whatever its stride.
      const deep = tf.depthwiseConv2d(
        x,
        kernel,
        this.#rank === 1 ? [stride, stride] : strides,
        pad,
        "NHWC",
        this.#rank === 1 ? [dilation, dilation] : dilations,
      );
      if (this.#pointwise === undefined) return deep;
      return tf.conv2d(deep, twoAxesKernel(this.#pointwise.read(), this.#rank), 1, "valid");
    }
    const convolve = (input: tf.Tensor4D, filter: tf.Tensor4D) =>
      tf.conv2d<tf.Tensor4D>(input, filter, strides, pad, "NHWC", dilations);
    if (groups === 1) return convolve(x, kernel);
    const kernels = tf.split<tf.Tensor4D>(kernel, groups, 3);
    const parts = tf.split<tf.Tensor4D>(x, groups, 3).map((input, i) => convolve(input, kernels[i] ?? kernel));
    return tf.concat4d(parts, 3);
  }
}

function transposedSize(size: number, kernel: number, stride: number, padding: string): number {
  return padding === "same" ? size * stride : size * stride + Math.max(kernel - stride, 0);
}

function twoAxes(x: tf.Tensor, rank: number): tf.Tensor4D {
  const [batch = 1, a = 1, b = 1, c = 1] = x.shape;
  return tf.reshape<tf.Rank.R4>(x, rank === 1 ? [batch, a, 1, b] : [batch, a, b, c]);
}

function twoAxesKernel(kernel: tf.Tensor, rank: number): tf.Tensor4D {
  const [a = 1, b = 1, c = 1, d = 1] = kernel.shape;
  return tf.reshape<tf.Rank.R4>(kernel, rank === 1 ? [a, 1, b, c] : [a, b, c, d]);
}
