import type { WeightStore } from "../build/builtLayer.ts";
import { archiveNames, isRandomState, layersGroup } from "./archiveNames.ts";
import { type StoredWeights, weightsDiffer } from "./storedWeights.ts";

/**
 * Gives the variables of a model the weights of a `model.weights.h5`, by the names that `keras.saving.saving_lib` gives:
 * a layer's own variables are `vars/0`, `vars/1` …, a layer in an attribute stands in a group called like the attribute,
 * and the layers of a model are called by their class in snake case, numbered from the second of a class on. Every weight
 * must be wanted, and every wanted one there.
 */
export function assignArchiveWeights(store: WeightStore, weights: StoredWeights): void {
  const container = layersGroup(weights.groups);
  visit(store, "", weights, container);
  const [left] = weights.unused().filter((path) => !isRandomState(path));
  if (left !== undefined)
    throw weightsDiffer(weights.file, left, "only weights of the layers in the configuration", `a weight at ${left}`);
}

function visit(store: WeightStore, path: string, weights: StoredWeights, container: string): void {
  store.variables().forEach((variable, index) => {
    weights.assign(variable, `${path}/vars/${index}`, store.path);
  });
  for (const { names, store: child } of store.children) {
    const name = names.find((each) => weights.groups.has(`${path}/${each}`)) ?? names[0] ?? "";
    visit(child, `${path}/${name}`, weights, container);
  }
  const layers = store.layers ?? [];
  const names = archiveNames(layers);
  layers.forEach((layer, index) => {
    visit(layer, `${path}/${container}/${names[index] ?? ""}`, weights, container);
  });
}
