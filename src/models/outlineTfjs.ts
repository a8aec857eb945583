import { dirname, resolve } from "node:path";
import { readModelJson } from "./disk/readModelJson.ts";
import { outlineGraph } from "./graph/outlineGraph.ts";
import { outlineLayers } from "./layers/outlineLayers.ts";
import type { ModelOutline } from "./modelOutline.ts";

/** From `model.json` alone: the weight files may be missing. */
export async function outlineTfjs(file: string): Promise<ModelOutline> {
  const source = await readModelJson(file);
  const structure = source.format === "tfjs-graph" ? outlineGraph(source) : outlineLayers(source);
  const parameterCount = source.weights
    .flatMap((group) => group.weights)
    .filter(({ dtype }) => dtype === "float32")
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const shards = source.weights.flatMap((group) => group.paths).map((path) => resolve(dirname(file), path));
  return { format: source.format, ...structure, parameterCount, files: [file, ...shards] };
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
