import type { Hdf5Contents } from "../hdf5/hdf5Contents.ts";

/** State of random numbers, which some versions store among the weights. */
const randomState = /(StateVar|seed_generator_state)(:0)?$/;

/** The weights of a layer at the top, whose group is given, in the order of Keras's `_legacy_weights`. */
export function weightNames(attributes: Hdf5Contents["attributes"], group: string): string[] {
  return textList(attributes.get(group), "weight_names").filter((name) => !randomState.test(name));
}

/** An attribute that is a list of texts. HDF5 cannot hold long ones, so that Keras cuts them to name0, name1 … */
export function textList(attributes: ReadonlyMap<string, string | string[]> | undefined, name: string): string[] {
  const whole = attributes?.get(name);
  if (whole !== undefined) return [whole].flat();
  const parts: string[] = [];
  for (let i = 0; ; i++) {
    const part = attributes?.get(`${name}${i}`);
    if (part === undefined) return parts;
    parts.push(...[part].flat());
  }
}
