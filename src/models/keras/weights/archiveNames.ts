/** State of random numbers, which has no say in inference. */
const randomState = /(^|\/)(seed_generator|_seed_generator|_random_generator)(\/|$)/;

export function isRandomState(path: string): boolean {
  return randomState.test(path);
}

/** The group that holds the layers of a model. tf_keras before 2.15 had another name for it. */
export function layersGroup(groups: ReadonlySet<string>): string {
  const old = "_layer_checkpoint_dependencies";
  return groups.has(`/${old}`) && !groups.has("/layers") ? old : "layers";
}

/** What `keras.saving.saving_lib` calls the layers of a model: by class in snake case, numbered from the second on. */
export function archiveNames(layers: readonly { readonly className: string }[]): string[] {
  const used = new Map<string, number>();
  return layers.map(({ className }) => {
    const name = snakeCase(className);
    const count = used.get(name) ?? 0;
    used.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  });
}

/** keras.src.utils.naming.to_snake_case */
function snakeCase(name: string): string {
  return name
    .replaceAll(/\W+/g, "")
    .replaceAll(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}
