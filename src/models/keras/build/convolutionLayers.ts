import * as tfl from "@tensorflow/tfjs-layers";
import { z } from "zod";
import { Convolution, type ConvolutionOptions } from "../../layers/own/convolution.ts";
import { kerasActivation } from "../activations.ts";
import type { LayerNode } from "../config/layerNode.ts";
import {
  activationName,
  channelsLast,
  dataFormat,
  flag,
  perAxis,
  readConfig,
  units,
  unsupported,
} from "../config/readConfig.ts";
import type { LayerBuilder } from "./builtLayer.ts";
import { withActivation } from "./coreLayers.ts";

const { layers } = tfl;
const padding = z.enum(["same", "valid"]).default("valid");

/** A convolution of tfjs in `rank` spatial axes. */
function options(node: LayerNode, rank: number) {
  const { kernel_size, strides, dilation_rate, data_format, use_bias, ...rest } = readConfig(node, {
    filters: units.optional(),
    kernel_size: perAxis(rank),
    strides: perAxis(rank).default(new Array<number>(rank).fill(1)),
    dilation_rate: perAxis(rank).default(new Array<number>(rank).fill(1)),
    padding: rank === 1 ? z.enum(["same", "valid", "causal"]).default("valid") : padding,
    data_format: rank === 1 ? channelsLast : dataFormat,
    groups: units.default(1),
    depth_multiplier: units.default(1),
    output_padding: z.unknown().optional(),
    use_bias: flag.default(true),
    activation: activationName,
  });
  const strided = strides.some((stride) => stride > 1);
  const dilated = dilation_rate.some((dilation) => dilation > 1);
  // Keras refuses it on most backends; where it does not, they differ.
  if (strided && dilated) throw unsupported(node, "strides and dilation_rate together");
  return { ...rest, kernel_size, strides, dilation_rate, data_format, use_bias };
}

function same<T extends number[]>(
  node: LayerNode,
  values: number[],
  what: string,
  ok: (values: number[]) => values is T,
): T {
  if (!ok(values)) throw unsupported(node, `${what} = [${values.join(", ")}]`);
  return values;
}
const isPair = (values: number[]): values is [number, number] => values.length === 2;
const isTriple = (values: number[]): values is [number, number, number] => values.length === 3;

/** Starting values, name, padding and the like. */
function common(node: LayerNode, { use_bias, data_format, ...rest }: ReturnType<typeof options>) {
  return {
    name: node.name,
    useBias: use_bias,
    padding: rest.padding === "same" ? ("same" as const) : ("valid" as const),
    dataFormat: data_format === "channels_first" ? ("channelsFirst" as const) : ("channelsLast" as const),
  };
}

function filtersOf(node: LayerNode, { filters }: { filters?: number | undefined }): number {
  if (filters === undefined) throw unsupported(node, "no filters");
  return filters;
}

function notTransposed(
  node: LayerNode,
  { output_padding, dilation_rate }: { output_padding?: unknown; dilation_rate: number[] },
): void {
  if (output_padding !== undefined) throw unsupported(node, `output_padding = ${JSON.stringify(output_padding)}`);
  if (dilation_rate.some((each) => each > 1)) throw unsupported(node, "dilation_rate");
}

/** A convolution of Pathlight's own. */
function own(kind: ConvolutionOptions["kind"], rank: number): LayerBuilder {
  return (node, inputs, { initializer }) => {
    const read = options(node, rank);
    if (kind === "Conv1DTranspose") notTransposed(node, read);
    if (read.data_format !== "channels_last") throw unsupported(node, "data_format = channels_first");
    if (/2D$/.test(kind) && kind !== "Conv2D" && read.strides[0] !== read.strides[1])
      throw unsupported(node, "different strides");
    const channels = inputs[0]?.shape.at(-1) ?? 0;
    if (read.groups > 1 && (channels % read.groups !== 0 || filtersOf(node, read) % read.groups !== 0)) {
      throw unsupported(node, `groups = ${read.groups} for ${channels} channels`);
    }
    const all: ConvolutionOptions = {
      kind,
      filters: kind.startsWith("Depthwise") ? undefined : filtersOf(node, read),
      kernelSize: read.kernel_size,
      strides: read.strides,
      dilations: read.dilation_rate,
      padding: read.padding,
      groups: read.groups,
      depthMultiplier: read.depth_multiplier,
      useBias: read.use_bias,
    };
    return new Convolution(node.name, all, kerasActivation(node, read.activation), initializer);
  };
}

export const convolutionLayers: Readonly<Record<string, LayerBuilder>> = {
  Conv1D: own("Conv1D", 1),
  Conv1DTranspose: own("Conv1DTranspose", 1),
  DepthwiseConv1D: own("DepthwiseConv1D", 1),
  SeparableConv1D: own("SeparableConv1D", 1),
  Conv2D: (node, inputs, context) => {
    const read = options(node, 2);
    if (read.groups > 1) return own("Conv2D", 2)(node, inputs, context);
    const layer = layers.conv2d({
      ...common(node, read),
      filters: filtersOf(node, read),
      kernelSize: read.kernel_size,
      strides: same(node, read.strides, "strides", isPair),
      dilationRate: same(node, read.dilation_rate, "dilation_rate", isPair),
      kernelInitializer: context.initializer,
      biasInitializer: context.initializer,
    });
    return withActivation(layer, node, read.activation);
  },
  Conv3D: (node, _inputs, { initializer }) => {
    const read = options(node, 3);
    if (read.groups > 1 || read.data_format === "channels_first") throw unsupported(node, "groups or data_format");
    const layer = layers.conv3d({
      ...common(node, read),
      filters: filtersOf(node, read),
      kernelSize: read.kernel_size,
      strides: same(node, read.strides, "strides", isTriple),
      dilationRate: same(node, read.dilation_rate, "dilation_rate", isTriple),
      kernelInitializer: initializer,
      biasInitializer: initializer,
    });
    return withActivation(layer, node, read.activation);
  },
  Conv2DTranspose: (node, _inputs, { initializer }) => {
    const read = options(node, 2);
    notTransposed(node, read);
    const layer = layers.conv2dTranspose({
      ...common(node, read),
      filters: filtersOf(node, read),
      kernelSize: read.kernel_size,
      strides: same(node, read.strides, "strides", isPair),
      kernelInitializer: initializer,
      biasInitializer: initializer,
    });
    return withActivation(layer, node, read.activation);
  },
  Conv3DTranspose: (node, _inputs, { initializer }) => {
    const read = options(node, 3);
    notTransposed(node, read);
    const layer = layers.conv3dTranspose({
      ...common(node, read),
      filters: filtersOf(node, read),
      kernelSize: read.kernel_size,
      strides: same(node, read.strides, "strides", isTriple),
      kernelInitializer: initializer,
      biasInitializer: initializer,
    });
    return withActivation(layer, node, read.activation);
  },
  DepthwiseConv2D: own("DepthwiseConv2D", 2),
  SeparableConv2D: own("SeparableConv2D", 2),
};
