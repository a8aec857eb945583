import type { ModelOutline, ModelOutliner, OutlineNode } from "../modelOutline.ts";
import { isTensorFlowFunction } from "./build/findOperation.ts";
import { readInput, sequentialShape } from "./build/inputLayer.ts";
import { type LayerRefusal, layerRefusal } from "./build/layerRefusal.ts";
import type { LayerNode, ModelGraph, TensorRef } from "./config/layerNode.ts";
import { parseModel } from "./config/parseModel.ts";
import { Hdf5Reader } from "./hdf5/hdf5Reader.ts";
import { readKerasArchive } from "./readKerasArchive.ts";
import { readKerasH5 } from "./readKerasH5.ts";
import { readWholeFile } from "./readWholeFile.ts";
import { archiveCounts, h5Counts, type WeightCounts } from "./weights/weightCounts.ts";

/** From the configuration, and the shapes of the weights; errors in reading either are those of loading. */
function outliner(
  format: "keras" | "keras-h5",
  read: typeof readKerasArchive,
  count: typeof archiveCounts,
): ModelOutliner {
  return async (file, signal) => {
    const bytes = await readWholeFile(file, signal);
    const reader = new Hdf5Reader();
    try {
      const { config, generation, contents } = await read(file, bytes, reader, signal);
      const root = parseModel(file, config, generation);
      return { format, ...outlineLayers(root, count(root, contents)), files: [file] };
    } finally {
      await reader.dispose();
    }
  };
}

export const outlineKerasArchive = outliner("keras", readKerasArchive, archiveCounts);
export const outlineKerasH5 = outliner("keras-h5", readKerasH5, h5Counts);

type Structure = Pick<ModelOutline, "inputs" | "outputs" | "nodes" | "parameterCount">;

/**
 * Layers in the order of the configuration, those of models inside the model by their path, `outer/inner/dense`. A layer
 * in a wrapper is a part of the wrapper, unless it is refused.
 */
function outlineLayers(root: LayerNode, counts: WeightCounts): Structure {
  const { graph } = root;
  if (graph === undefined) return { inputs: [], outputs: [], nodes: [], parameterCount: counts.total };
  const implied = impliedInput(graph);
  const nodes = [...(implied === undefined ? [] : [implied]), ...inside(graph, true, counts)];
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const inputs = implied === undefined ? inputNames(graph).flatMap((name) => byId.get(name) ?? []) : [implied];
  const outputs = outputPaths(graph).flatMap((path) => byId.get(path) ?? []);
  return { inputs, outputs, nodes, parameterCount: counts.total };
}

/** The layers of a model; `outermost`: inner models take what the outer one gives, and no input of their own. */
function inside(graph: ModelGraph, outermost: boolean, counts: WeightCounts): OutlineNode[] {
  return graph.layers.flatMap((layer): OutlineNode[] => {
    if (layer.graph !== undefined) return inside(layer.graph, false, counts);
    if (layer.className === "InputLayer" && !outermost) return [];
    const refusedInside = [...layer.wrapped.values()].flatMap(refusedIn);
    // What is refused inside a wrapper is no fault of the wrapper.
    const refusal = refusedInside.length === 0 ? layerRefusal(layer, graph.ends === undefined) : undefined;
    const parameters = counts.byPath.get(layer.path) ?? 0;
    const node: OutlineNode = {
      ...outlineLayer(layer, refusal),
      ...(parameters > 0 ? { parameters } : {}),
      ...(layer.className === "InputLayer" && refusal === undefined ? inputFields(layer) : {}),
    };
    return [node, ...refusedInside];
  });
}

/** What of a layer inside a wrapper, which calls it on one tensor, is refused. */
function refusedIn(layer: LayerNode): OutlineNode[] {
  const uncounted: WeightCounts = { byPath: new Map(), total: 0 };
  if (layer.graph !== undefined) return inside(layer.graph, false, uncounted).filter(({ supported }) => !supported);
  const deeper = [...layer.wrapped.values()].flatMap(refusedIn);
  const refusal = deeper.length > 0 ? undefined : layerRefusal(layer, true);
  return refusal === undefined ? deeper : [outlineLayer(layer, refusal)];
}

function outlineLayer(layer: LayerNode, refusal: LayerRefusal | undefined): OutlineNode {
  return {
    ...{ id: layer.path, op: opOf(layer), shape: null, dtype: null, supported: refusal === undefined },
    ...(refusal?.reason === undefined ? {} : { reason: refusal.reason }),
  };
}

/** A function of TensorFlow is told by its own name: as layers they are all of one class. */
function opOf(layer: LayerNode): string {
  const { function: name } = layer.config;
  return isTensorFlowFunction(layer) && typeof name === "string" ? name : layer.className;
}

function inputFields(layer: LayerNode): Pick<OutlineNode, "shape" | "dtype"> | undefined {
  const { shape, dtype } = readInput(layer);
  return shape === undefined ? undefined : { shape, dtype };
}

/** Where a Sequential model has no input layer, Pathlight makes one. */
function impliedInput(graph: ModelGraph): OutlineNode | undefined {
  const [first] = graph.layers;
  if (graph.ends !== undefined || first === undefined || first.className === "InputLayer") return undefined;
  const shape = sequentialShape(first, graph) ?? null;
  return { id: `${first.name}_input`, op: "InputLayer", shape, dtype: "float32", supported: true };
}

function inputNames({ layers, ends }: ModelGraph): string[] {
  if (ends !== undefined) return ends.inputs.map(({ layer }) => layer);
  return layers.slice(0, 1).map(({ name }) => name);
}

/** Where outputs come from, seen through models inside the model. */
function outputPaths({ layers, ends }: ModelGraph): string[] {
  const through = (layer: LayerNode | undefined, tensor: number): string[] => {
    if (layer?.graph === undefined) return layer === undefined ? [] : [layer.path];
    const inner = outputPaths(layer.graph);
    return inner.slice(tensor, tensor + 1);
  };
  if (ends === undefined) return through(layers.at(-1), 0);
  return ends.outputs.flatMap((ref: TensorRef) =>
    through(
      layers.find(({ name }) => name === ref.layer),
      ref.tensor,
    ),
  );
}
