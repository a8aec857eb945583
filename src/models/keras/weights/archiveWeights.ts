import type { WeightStore } from "../build/builtLayer.ts";
import { type StoredWeights, weightsDiffer } from "./storedWeights.ts";

/** State of random numbers, which has no say in inference. */
const ignored = /(^|\/)(seed_generator|_seed_generator|_random_generator)(\/|$)/;

/**
 * Gives the variables of a model the weights of a `model.weights.h5`, by the names that `keras.saving.saving_lib` gives:
 * a layer's own variables are `vars/0`, `vars/1` …, a layer in an attribute stands in a group called like the attribute,
 * and the layers of a model are called by their class in snake case, numbered from the second of a class on. Every weight
 * must be wanted, and every wanted one there.
 */
export function assignArchiveWeights(store: WeightStore, weights: StoredWeights): void {
  // tf_keras before 2.15 had another name for it.
  const old = "_layer_checkpoint_dependencies";
  const container = weights.groups.has(`/${old}`) && !weights.groups.has("/layers") ? old : "layers";
  visit(store, "", weights, container);
  const [left] = weights.unused().filter((path) => !ignored.test(path));
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
  const used = new Map<string, number>();
  for (const layer of store.layers ?? []) {
    const name = snakeCase(layer.className);
    const count = used.get(name);
    used.set(name, (count ?? -1) + 1);
    visit(layer, `${path}/${container}/${count === undefined ? name : `${name}_${count + 1}`}`, weights, container);
  }
}

/** keras.src.utils.naming.to_snake_case */
function snakeCase(name: string): string {
  return name
    .replaceAll(/\W+/g, "")
    .replaceAll(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}
