import type { LayerVariable } from "../../layers/own/ownLayer.ts";
import type { WeightStore } from "../build/builtLayer.ts";
import type { Hdf5Contents } from "../hdf5/hdf5Contents.ts";
import { weightNames } from "./h5Names.ts";
import { type StoredWeights, weightsDiffer } from "./storedWeights.ts";

/** What the last part of a weight's name says; those who share a role may be called differently. */
const roles: Readonly<Record<string, string>> = {
  kernel: "kernel",
  depthwise_kernel: "kernel",
  pointwise_kernel: "pointwise",
  recurrent_kernel: "recurrent",
  bias: "bias",
  gamma: "gamma",
  beta: "beta",
  moving_mean: "moving_mean",
  moving_variance: "moving_variance",
  mean: "mean",
  variance: "variance",
};

/**
 * Gives the variables of a model the weights of a whole-model `.h5`: for each layer at the top a group with the attribute
 * `weight_names`, in the order of Keras's `_legacy_weights`: all that are trained first, then all others. Errors:
 * `model-invalid`, `not-finite`.
 */
export function assignH5Weights(
  store: WeightStore,
  weights: StoredWeights,
  { attributes }: Hdf5Contents,
  names: readonly string[],
): void {
  (store.layers ?? []).forEach((layer, index) => {
    const wanted = [...trained(layer), ...untrained(layer)];
    const group = `/model_weights/${names[index] ?? ""}`;
    const stored = weightNames(attributes, group);
    if (stored.length !== wanted.length) {
      throw weightsDiffer(weights.file, layer.path, `${wanted.length} weights`, `${stored.length} in ${group}`);
    }
    wanted.forEach((variable, i) => {
      const path = `${group}/${stored[i] ?? ""}`;
      const [is, should] = [roleOf(stored[i] ?? ""), roleOf(variable.originalName)];
      if (is !== undefined && should !== undefined && is !== should) {
        throw weightsDiffer(weights.file, layer.path, `${variable.originalName} as weight ${i}`, stored[i] ?? "");
      }
      weights.assign(variable, path, layer.path);
    });
  });
}

/** Keras's `trainable_weights`: nothing of what lies in a frozen layer. */
function trained(store: WeightStore): LayerVariable[] {
  if (!store.trainable) return [];
  return [...store.variables().filter((variable) => variable.trainable), ...partsOf(store).flatMap(trained)];
}

/** Keras's `non_trainable_weights`. */
function untrained(store: WeightStore): LayerVariable[] {
  const parts = partsOf(store);
  if (!store.trainable)
    return [...store.variables(), ...parts.flatMap((part) => [...trained(part), ...untrained(part)])];
  return [...store.variables().filter((variable) => !variable.trainable), ...parts.flatMap(untrained)];
}

function partsOf(store: WeightStore): WeightStore[] {
  return [...store.children.map((child) => child.store), ...(store.layers ?? [])];
}

function roleOf(name: string): string | undefined {
  const last =
    name
      .replace(/(_\d+)?(:0)?$/, "")
      .split("/")
      .at(-1) ?? "";
  return Object.hasOwn(roles, last) ? roles[last] : undefined;
}
