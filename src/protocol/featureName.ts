import type { TensorAttribution } from "./explanation.ts";

/** What a value of a tensor is called: its column, `outdoor_c`, or its place, `[3]` or `[2, 5]`. */
export function featureName({ names, shape }: Pick<TensorAttribution, "names" | "shape">, index: number): string {
  const name = names?.[index];
  if (name !== undefined) return name;
  const place: number[] = [];
  let rest = index;
  for (const size of [...shape].reverse()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `[${place.join(", ")}]`;
}
