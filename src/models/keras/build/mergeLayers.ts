import * as tfl from "@tensorflow/tfjs-layers";
import { z } from "zod";
import { Concatenate } from "../../layers/own/concatenate.ts";
import { Merge, type MergeKind } from "../../layers/own/merge.ts";
import { flag, readConfig } from "../config/readConfig.ts";
import type { LayerBuilder } from "./builtLayer.ts";

const kinds: readonly MergeKind[] = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"];

export const mergeLayers: Readonly<Record<string, LayerBuilder>> = {
  ...Object.fromEntries(
    kinds.map((kind): [string, LayerBuilder] => [
      kind,
      (node) => {
        readConfig(node, {});
        const layer = new Merge(node.name, kind, node.generation === 3 ? "or" : "and");
        layer.handsMaskOn = true;
        return layer;
      },
    ]),
  ),
  Concatenate: (node) => {
    const { axis } = readConfig(node, { axis: z.int().default(-1) });
    return new Concatenate(node.name, axis, node.generation === 3 ? "or" : "and");
  },
  Dot: (node) => {
    const { axes, normalize } = readConfig(node, {
      axes: z.union([z.int(), z.tuple([z.int(), z.int()])]),
      normalize: flag.default(false),
    });
    return tfl.layers.dot({ name: node.name, axes, normalize });
  },
};
