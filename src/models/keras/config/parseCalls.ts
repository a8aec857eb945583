import { isRecord } from "../../disk/readModelJson.ts";
import { type LayerCall, TensorRef } from "./layerNode.ts";

/**
 * The calls of a layer from its `inbound_nodes`. `names` are the layers of the same model: Keras 2 writes a tensor among
 * keyword arguments as a plain list that starts with such a name.
 */
export function parseCalls(
  nodes: readonly unknown[],
  names: ReadonlySet<string>,
  malformed: (found: string) => Error,
): LayerCall[] {
  return nodes.map((node) => {
    if (isRecord(node)) {
      const { args, kwargs } = node;
      if (!Array.isArray(args)) throw malformed("a call without arguments");
      return { args: args.map(revive), kwargs: isRecord(kwargs) ? mapValues(kwargs, revive) : {} };
    }
    if (!Array.isArray(node) || node.length === 0) throw malformed("a call that is neither a record nor a list");
    // A single tensor of TFOpLambda stands there without a list around it.
    const bare = typeof node[0] === "string";
    const inputs = (bare ? [node] : node).map((each: unknown) => legacyInput(each, malformed));
    const kwargs: Record<string, unknown> = {};
    for (const [name, value] of inputs.flatMap((input) => Object.entries(input.kwargs))) {
      kwargs[name] = reviveLegacy(value, names);
    }
    const tensors = inputs.map((input) => input.value);
    return { args: [tensors.length === 1 ? tensors[0] : tensors], kwargs };
  });
}

/** [layer, node, tensor, keyword arguments]; in place of a layer the name of a constant. */
function legacyInput(
  json: unknown,
  malformed: (found: string) => Error,
): { value: unknown; kwargs: Record<string, unknown> } {
  if (!Array.isArray(json)) throw malformed("an input that is no list");
  const [layer, node, tensor, kwargs] = json as unknown[];
  const rest = isRecord(kwargs) ? kwargs : {};
  if (layer === "_CONSTANT_VALUE") return { value: tensor, kwargs: rest };
  if (typeof layer !== "string" || !isIndex(node) || !isIndex(tensor))
    throw malformed("an input without layer, node and tensor");
  return { value: new TensorRef(layer, node, tensor), kwargs: rest };
}

function reviveLegacy(value: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) {
    const [layer, node, tensor] = value as unknown[];
    if (typeof layer === "string" && names.has(layer) && isIndex(node) && isIndex(tensor)) {
      return new TensorRef(layer, node, tensor);
    }
    if (layer === "_CONSTANT_VALUE") return tensor;
    return value.map((each: unknown) => reviveLegacy(each, names));
  }
  return isRecord(value) ? mapValues(value, (each) => reviveLegacy(each, names)) : value;
}

/** Keras 3's serialized tensors, slices, tuples and arrays; what is not known stays a record and is refused where it is used. */
function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (!isRecord(value)) return value;
  const config = value["config"];
  switch (value["class_name"]) {
    case "__keras_tensor__": {
      const history: unknown = isRecord(config) ? config["keras_history"] : undefined;
      if (!Array.isArray(history)) return value;
      const [layer, node, tensor] = history as unknown[];
      return typeof layer === "string" && isIndex(node) && isIndex(tensor) ? new TensorRef(layer, node, tensor) : value;
    }
    case "__slice__":
      return isRecord(config) ? mapValues(config, revive) : value;
    case "__tuple__":
      return Array.isArray(config) ? config.map(revive) : value;
    case "__tensor__":
    case "__numpy__":
      return isRecord(config) ? config["value"] : value;
    default:
      return mapValues(value, revive);
  }
}

function isIndex(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function mapValues(record: Record<string, unknown>, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
