import { isRecord } from "../disk/readModelJson.ts";
import type { Weights } from "../disk/readWeights.ts";

/**
 * A layers model's topology as it can be built and used:
 * - starting values are zeros: the weights overwrite them, and drawing them can take minutes (orthogonal matrices);
 * - `stateful` is off, so that one evaluation does not change the next: every one starts from zeros, as after a reset;
 * - SeparableConv2D has its depth multiplier, which tfjs forgets to save, from the shape of its weights.
 */
export function completeTopology(topology: Record<string, unknown>, specs: Weights["specs"]): Record<string, unknown> {
  const shapes = new Map(specs.map(({ name, shape }) => [name, shape]));
  const clean = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(clean);
    if (!isRecord(each)) return each;
    const entries = Object.entries(each).map(([key, inner]): [string, unknown] => {
      if (key.endsWith("_initializer") && inner !== null) return [key, { class_name: "Zeros", config: {} }];
      return [key, key === "stateful" && inner === true ? false : clean(inner)];
    });
    const cleaned = Object.fromEntries(entries);
    return cleaned["class_name"] === "SeparableConv2D" ? withMultiplier(cleaned, shapes) : cleaned;
  };
  const cleaned = clean(topology);
  return isRecord(cleaned) ? cleaned : topology;
}

function withMultiplier(
  layer: Record<string, unknown>,
  shapes: ReadonlyMap<string, readonly number[]>,
): Record<string, unknown> {
  const { config } = layer;
  if (!isRecord(config) || config["depth_multiplier"] !== undefined) return layer;
  const multiplier = shapes.get(`${String(config["name"])}/depthwise_kernel`)?.[3];
  return multiplier === undefined ? layer : { ...layer, config: { ...config, depth_multiplier: multiplier } };
}
