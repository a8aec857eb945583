import { readdir } from "node:fs/promises";
import { basename, dirname, extname, join, relative, sep } from "node:path";
import { matchesGlob } from "../common/glob.ts";
import { rowKind } from "../protocol/rows.ts";
import type { ModelChoice } from "./modelChoice.ts";

/**
 * The files that the `mean` baseline is taken over, sorted: the data set that the sample is in, else the table that its row
 * stands in, or what has the same extension in the sample's folder.
 */
export async function samplesForMean(inputs: readonly string[], dataset: ModelChoice["dataset"]): Promise<string[]> {
  const [first] = inputs;
  if (first === undefined) return [];
  if (dataset !== undefined) return datasetFiles(dataset);
  // Rows of another table are other things.
  if (rowKind(first) !== null) return [first];
  const folder = dirname(first);
  const extension = extname(first).toLowerCase();
  const names = (await readdir(folder)).filter(
    (name) => extname(name).toLowerCase() === extension && !name.startsWith("."),
  );
  return names.sort().map((name) => join(folder, name));
}

/** All files of a data set, sorted. */
export async function datasetFiles({ spec, folder }: NonNullable<ModelChoice["dataset"]>): Promise<string[]> {
  const files: string[] = [];
  const visit = async (place: string): Promise<void> => {
    for (const entry of await readdir(place, { withFileTypes: true })) {
      const path = join(place, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== "node_modules" && !entry.name.startsWith(".")) await visit(path);
      } else if (!basename(path).startsWith(".")) {
        const name = relative(folder, path).split(sep).join("/");
        if (matchesGlob(name, spec.files)) files.push(path);
      }
    }
  };
  await visit(folder);
  return files.sort();
}
