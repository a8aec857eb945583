import * as tfl from "@tensorflow/tfjs-layers";
import { z } from "zod";
import { GlobalPooling } from "../../layers/own/globalPooling.ts";
import { type Margins, Pad } from "../../layers/own/pad.ts";
import { Resample } from "../../layers/own/resample.ts";
import type { LayerNode } from "../config/layerNode.ts";
import { dataFormat, flag, perAxis, readConfig, units, unsupported } from "../config/readConfig.ts";
import type { LayerBuilder } from "./builtLayer.ts";

const { layers } = tfl;
const margin = z.int().nonnegative();

/** Spatial axes: behind the batch axis, or behind the channels. */
function spatialAxes(rank: number, format: "channels_last" | "channels_first"): number[] {
  return Array.from({ length: rank }, (_, i) => i + (format === "channels_last" ? 1 : 2));
}

function globalPooling(rank: number, operator: "mean" | "max"): LayerBuilder {
  return (node) => {
    const { data_format, keepdims } = readConfig(node, { data_format: dataFormat, keepdims: flag.default(false) });
    const axes = spatialAxes(rank, data_format);
    return new GlobalPooling(node.name, { kind: node.className, operator, axes, keepDims: keepdims });
  };
}

function pooling(node: LayerNode, rank: number) {
  const { pool_size, strides, padding, data_format } = readConfig(node, {
    pool_size: perAxis(rank).default(new Array<number>(rank).fill(2)),
    strides: perAxis(rank).optional(),
    padding: z.enum(["same", "valid"]).default("valid"),
    data_format: dataFormat,
  });
  if (rank !== 2 && data_format === "channels_first") throw unsupported(node, "data_format = channels_first");
  const [a = 1, b = 1, c = 1] = pool_size;
  const [d = a, e = b, f = c] = strides ?? pool_size;
  return {
    pool: [a, b, c] as const,
    strides: [d, e, f] as const,
    rest: {
      name: node.name,
      padding,
      dataFormat: data_format === "channels_first" ? ("channelsFirst" as const) : ("channelsLast" as const),
    },
  };
}

type Pooling1D = typeof layers.maxPooling1d | typeof layers.averagePooling1d;
type Pooling2D = typeof layers.maxPooling2d | typeof layers.averagePooling2d;
type Pooling3D = typeof layers.maxPooling3d | typeof layers.averagePooling3d;

const pooling1d =
  (make: Pooling1D): LayerBuilder =>
  (node) => {
    const { pool, strides, rest } = pooling(node, 1);
    return make({ name: rest.name, padding: rest.padding, poolSize: pool[0], strides: strides[0] });
  };
const pooling2d =
  (make: Pooling2D): LayerBuilder =>
  (node) => {
    const { pool, strides, rest } = pooling(node, 2);
    return make({ ...rest, poolSize: [pool[0], pool[1]], strides: [strides[0], strides[1]] });
  };
const pooling3d =
  (make: Pooling3D): LayerBuilder =>
  (node) => {
    const { pool, strides, rest } = pooling(node, 3);
    return make({ ...rest, poolSize: [...pool], strides: [...strides] });
  };

/** Of ZeroPadding and Cropping: a number, one for each axis, or two for each. */
function margins(rank: number) {
  const pair = z.tuple([margin, margin]);
  const every = (value: number): [number, number][] => Array.from({ length: rank }, () => [value, value]);
  if (rank === 1) {
    return z.union([margin.transform(every), pair.transform((each): [number, number][] => [each]), z.tuple([pair])]);
  }
  const each = z.union([margin.transform((value): [number, number] => [value, value]), pair]);
  return z.union([margin.transform(every), z.array(each).length(rank)]);
}

function padding(rank: number, option: "padding" | "cropping"): LayerBuilder {
  return (node) => {
    const read = readConfig(node, { [option]: margins(rank), data_format: dataFormat });
    const given = margins(rank).parse(read[option]);
    const signed: Margins = given.map(([before, behind]) =>
      option === "padding" ? [before, behind] : [-before, -behind],
    );
    return new Pad(
      node.name,
      node.className,
      read["data_format"] === "channels_first" ? [[0, 0], ...signed] : [...signed, [0, 0]],
    );
  };
}

function upSampling(rank: number): LayerBuilder {
  return (node) => {
    const { size, data_format, interpolation } = readConfig(node, {
      size: perAxis(rank).default(new Array<number>(rank).fill(2)),
      data_format: dataFormat,
      interpolation: z.enum(["nearest", "bilinear"]).default("nearest"),
    });
    const axes = spatialAxes(rank, data_format).map((axis, i) => ({ axis, to: { factor: size[i] ?? 1 } }));
    return new Resample(node.name, node.className, axes, interpolation);
  };
}

export const spatialLayers: Readonly<Record<string, LayerBuilder>> = {
  MaxPooling1D: pooling1d(layers.maxPooling1d),
  MaxPooling2D: pooling2d(layers.maxPooling2d),
  MaxPooling3D: pooling3d(layers.maxPooling3d),
  AveragePooling1D: pooling1d(layers.averagePooling1d),
  AveragePooling2D: pooling2d(layers.averagePooling2d),
  AveragePooling3D: pooling3d(layers.averagePooling3d),
  GlobalAveragePooling1D: globalPooling(1, "mean"),
  GlobalAveragePooling2D: globalPooling(2, "mean"),
  GlobalAveragePooling3D: globalPooling(3, "mean"),
  GlobalMaxPooling1D: globalPooling(1, "max"),
  GlobalMaxPooling2D: globalPooling(2, "max"),
  GlobalMaxPooling3D: globalPooling(3, "max"),
  ZeroPadding1D: padding(1, "padding"),
  ZeroPadding2D: padding(2, "padding"),
  ZeroPadding3D: padding(3, "padding"),
  Cropping1D: padding(1, "cropping"),
  Cropping2D: padding(2, "cropping"),
  Cropping3D: padding(3, "cropping"),
  UpSampling1D: upSampling(1),
  UpSampling2D: upSampling(2),
  UpSampling3D: upSampling(3),
  Resizing: (node) => {
    const { height, width, interpolation, data_format } = readConfig(node, {
      height: units,
      width: units,
      interpolation: z.enum(["nearest", "bilinear"]).default("bilinear"),
      data_format: dataFormat,
      fill_mode: z.unknown().optional(),
      fill_value: z.unknown().optional(),
    });
    const [vertical = 1, horizontal = 2] = spatialAxes(2, data_format);
    const axes = [
      { axis: vertical, to: { size: height } },
      { axis: horizontal, to: { size: width } },
    ];
    return new Resample(node.name, node.className, axes, interpolation);
  },
};
