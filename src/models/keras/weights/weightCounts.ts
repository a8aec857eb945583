import type { LayerNode } from "../config/layerNode.ts";
import type { Hdf5Contents, Hdf5Dataset } from "../hdf5/hdf5Contents.ts";
import { archiveNames, isRandomState, layersGroup } from "./archiveNames.ts";
import { weightNames } from "./h5Names.ts";
import { storedLayers } from "./storedLayers.ts";

/** How many values are stored for the layers of a model, none of which has been built. */
export interface WeightCounts {
  /** By the path of the layer; without those whose weights cannot be told from another layer's. */
  readonly byPath: ReadonlyMap<string, number>;
  readonly total: number;
}

/** In the `model.weights.h5` of an archive each layer has a group: see `assignArchiveWeights`. */
export function archiveCounts(root: LayerNode, { groups, datasets }: Hdf5Contents): WeightCounts {
  const weights = datasets.filter(({ path }) => !isRandomState(path));
  const byPath = new Map<string, number>();
  const container = layersGroup(new Set(groups));
  const visit = (model: LayerNode, group: string): void => {
    const layers = model.graph === undefined ? [] : storedLayers(model.graph);
    const names = archiveNames(layers);
    layers.forEach((layer, index) => {
      const inner = `${group}/${container}/${names[index] ?? ""}`;
      if (layer.graph !== undefined) visit(layer, inner);
      else byPath.set(layer.path, sum(weights.filter(({ path }) => path.startsWith(`${inner}/`))));
    });
  };
  visit(root, "");
  return { byPath, total: sum(weights) };
}

/** In an `.h5` each layer at the top has a group: see `assignH5Weights`. Inside of it, names of weights tell the layer. */
export function h5Counts(root: LayerNode, { attributes, datasets }: Hdf5Contents): WeightCounts {
  const sizes = new Map(datasets.map((dataset) => [dataset.path, sum([dataset])]));
  const byPath = new Map<string, number>();
  let total = 0;
  for (const layer of root.graph === undefined ? [] : storedLayers(root.graph)) {
    const group = `/model_weights/${layer.name}`;
    const owner = ownerOf(layer);
    for (const name of weightNames(attributes, group)) {
      const size = sizes.get(`${group}/${name}`) ?? 0;
      const path = owner(name);
      total += size;
      if (path !== undefined) byPath.set(path, (byPath.get(path) ?? 0) + size);
    }
  }
  return { byPath, total };
}

/** The path of the layer in `layer` that a weight belongs to, by the last part of its name that is called like one. */
function ownerOf(layer: LayerNode): (weight: string) => string | undefined {
  if (layer.graph === undefined) return () => layer.path;
  const paths = new Map<string, string[]>();
  for (const { name, path } of leaves(layer)) paths.set(name, [...(paths.get(name) ?? []), path]);
  return (weight) => {
    const part = weight.split("/").findLast((each) => paths.has(each));
    const [path, second] = part === undefined ? [] : (paths.get(part) ?? []);
    return second === undefined ? path : undefined;
  };
}

function leaves(layer: LayerNode): LayerNode[] {
  return layer.graph === undefined ? [layer] : layer.graph.layers.flatMap(leaves);
}

function sum(datasets: readonly Hdf5Dataset[]): number {
  return datasets.reduce((total, { shape }) => total + shape.reduce((size, side) => size * side, 1), 0);
}
