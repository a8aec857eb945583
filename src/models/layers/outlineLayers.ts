import { isRecord, type ModelJson } from "../disk/readModelJson.ts";
import type { ModelOutline, OutlineNode } from "../modelOutline.ts";
import { isSupportedLayer } from "./refuseUnknownLayers.ts";

/** Layers as the configuration lists them, those of nested models under `outer/`. */
export function outlineLayers(source: ModelJson): Pick<ModelOutline, "inputs" | "outputs" | "nodes"> {
  const { topology } = source;
  const root = isRecord(topology["model_config"]) ? topology["model_config"] : topology;
  const parameters = parametersByLayer(source);
  const nodes = layersOf(root, "", parameters);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const named = (key: string): OutlineNode[] => endsOf(root, key).flatMap((id) => byId.get(id) ?? []);
  const first = nodes.find(({ shape }) => shape !== null);
  const last = nodes.findLast(({ id }) => !id.includes("/"));
  const inputs = named("input_layers");
  const outputs = named("output_layers");
  return {
    inputs: inputs.length > 0 || first === undefined ? inputs : [first],
    outputs: outputs.length > 0 || last === undefined ? outputs : [last],
    nodes,
  };
}

type Parameters = ReadonlyMap<string, number>;

function layersOf(container: Record<string, unknown>, prefix: string, parameters: Parameters): OutlineNode[] {
  const config = container["config"];
  const layers = isRecord(config) ? config["layers"] : config;
  if (!Array.isArray(layers)) return [];
  return layers.flatMap((layer: unknown) => (isRecord(layer) ? outlineLayer(layer, prefix, parameters) : []));
}

function outlineLayer(layer: Record<string, unknown>, prefix: string, parameters: Parameters): OutlineNode[] {
  const op = String(layer["class_name"]);
  const config = isRecord(layer["config"]) ? layer["config"] : {};
  const name = typeof config["name"] === "string" ? config["name"] : op;
  const inner = Array.isArray(layer["config"]) || Array.isArray(config["layers"]);
  if (inner) return layersOf(layer, `${prefix}${name}/`, parameters);
  const wrapped = isRecord(config["layer"]) ? config["layer"]["class_name"] : undefined;
  const count = parameters.get(name);
  const { batch_input_shape: shape, dtype } = config;
  return [
    {
      id: prefix + name,
      op,
      shape: Array.isArray(shape) ? shape.map((size: unknown) => (typeof size === "number" ? size : null)) : null,
      dtype: typeof dtype === "string" ? dtype : null,
      ...(count === undefined ? {} : { parameters: count }),
      supported: isSupportedLayer(op) && (typeof wrapped !== "string" || isSupportedLayer(wrapped)),
    },
  ];
}

/** `input_layers` and `output_layers`: lists of [name, node, tensor]. A sequential model has none. */
function endsOf(container: Record<string, unknown>, key: string): string[] {
  const config = container["config"];
  const list = isRecord(config) ? config[key] : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((end: unknown) => (Array.isArray(end) && typeof end[0] === "string" ? [end[0]] : []));
}

/** Weights are called `layer/kernel`, with the names of outer scopes before them in nested models. */
function parametersByLayer(source: ModelJson): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { name, shape } of source.weights.flatMap((group) => group.weights)) {
    const size = shape.reduce((product, each) => product * each, 1);
    const layer = name.split("/").at(-2) ?? name;
    counts.set(layer, (counts.get(layer) ?? 0) + size);
  }
  return counts;
}
