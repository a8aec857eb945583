import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { z } from "zod";
import type { Layer } from "../../layers/layerFields.ts";
import { GroupNormalization } from "../../layers/own/groupNormalization.ts";
import { LayerNormalization, type LayerNormalizationOptions } from "../../layers/own/layerNormalization.ts";
import { Normalization } from "../../layers/own/normalization.ts";
import { ValueLayer } from "../../layers/own/valueLayer.ts";
import { flag, readConfig, unsupported } from "../config/readConfig.ts";
import type { LayerBuilder } from "./builtLayer.ts";

const axes = z.union([z.int().transform((axis) => [axis]), z.array(z.int()).min(1)]);
const epsilon = z.number().nonnegative().default(1e-3);

function handingMasksOn<T extends { handsMaskOn: boolean } & Layer>(layer: T): T {
  layer.handsMaskOn = true;
  return layer;
}

function layerNormalization(kind: LayerNormalizationOptions["kind"]): LayerBuilder {
  return (node, _inputs, { initializer }) => {
    const read = readConfig(node, {
      axis: axes.default([-1]),
      epsilon: kind === "RMSNormalization" ? z.number().nonnegative().default(1e-6) : epsilon,
      center: flag.default(true),
      scale: flag.default(true),
    });
    const center = kind === "LayerNormalization" && read.center;
    const options = { kind, axes: read.axis, epsilon: read.epsilon, center, scale: read.scale };
    const layer = new LayerNormalization(node.name, options, initializer);
    layer.handsMaskOn = kind === "LayerNormalization";
    return layer;
  };
}

export const normalizationLayers: Readonly<Record<string, LayerBuilder>> = {
  BatchNormalization: (node, _inputs, { initializer }) => {
    const read = readConfig(node, {
      axis: axes.default([-1]),
      epsilon,
      center: flag.default(true),
      scale: flag.default(true),
    });
    const [axis = -1] = read.axis;
    if (read.axis.length > 1) throw unsupported(node, `axis = [${read.axis.join(", ")}]`);
    return tfl.layers.batchNormalization({
      name: node.name,
      axis,
      epsilon: read.epsilon,
      center: read.center,
      scale: read.scale,
      betaInitializer: initializer,
      gammaInitializer: initializer,
      movingMeanInitializer: initializer,
      movingVarianceInitializer: initializer,
    });
  },
  LayerNormalization: layerNormalization("LayerNormalization"),
  RMSNormalization: layerNormalization("RMSNormalization"),
  GroupNormalization: (node, inputs, { initializer }) => {
    const read = readConfig(node, {
      groups: z.int().default(32),
      axis: z.int().default(-1),
      epsilon,
      center: flag.default(true),
      scale: flag.default(true),
    });
    const channels = inputs[0]?.shape.at(read.axis) ?? 0;
    if (read.groups !== -1 && (read.groups < 1 || channels % read.groups !== 0)) {
      throw unsupported(node, `groups = ${read.groups} for ${channels} channels`);
    }
    return handingMasksOn(new GroupNormalization(node.name, read, initializer));
  },
  UnitNormalization: (node) => {
    const { axis } = readConfig(node, { axis: axes.default([-1]) });
    return handingMasksOn(
      new ValueLayer(node.name, node.className, (x) => {
        const power = tf.sum(tf.square(x), axis, true);
        return tf.mul(x, tf.rsqrt(tf.maximum(power, 1e-12)));
      }),
    );
  },
  Normalization: (node, inputs, { initializer }) => {
    const nested: z.ZodType<tf.TensorLike> = z.union([z.number(), z.array(z.number()), z.array(z.array(z.number()))]);
    const { axis, mean, variance, invert } = readConfig(node, {
      axis: axes.optional(),
      mean: nested.optional(),
      variance: nested.optional(),
      invert: flag.default(false),
    });
    const given = mean === undefined || variance === undefined ? undefined : { mean, variance };
    // An axis of null, and only that, means one mean for all; without the option it is the last one.
    const kept = axis ?? (node.config["axis"] === null ? [] : [-1]);
    if (given !== undefined && kept.length > 1) throw unsupported(node, "mean over several axes");
    if (inputs.length === 0) throw unsupported(node, "no input");
    const layer = new Normalization(node.name, { axes: kept, invert, given }, initializer);
    layer.handsMaskOn = node.generation === 3;
    return layer;
  },
  Rescaling: (node) => {
    const factors = z.union([z.number(), z.array(z.number())]);
    const { scale, offset } = readConfig(node, { scale: factors, offset: factors.default(0) });
    const layer = new ValueLayer(node.name, node.className, (x) =>
      tf.add(tf.mul(tf.cast(x, "float32"), scale), offset),
    );
    layer.handsMaskOn = node.generation === 3;
    return layer;
  },
};
