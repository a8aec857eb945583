import type { LoadedModel } from "../models/loadedModel.ts";

/** A sentence for the user about the caches of a model that are empty; none where there are none. */
export function cacheNotes({ emptyCaches = [] }: LoadedModel): string[] {
  const groups = [...new Set(emptyCaches.map((name) => name.replace(/\d.*$/, "*")))];
  if (groups.length === 0) return [];
  return [`The cache ${groups.join(", ")} is empty: the whole text is read at once.`];
}

/** Whether the model continues a text: it takes the keys and values of what stands before, and has none yet. */
export function continuesText({ emptyCaches = [] }: LoadedModel): boolean {
  return emptyCaches.length > 0;
}
