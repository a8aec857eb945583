import { relative, resolve, sep } from "node:path";
import { matchesGlob } from "../../common/glob.ts";
import type { ManifestDataset } from "../../protocol/manifest.ts";
import type { ManifestFile } from "./readManifest.ts";

/**
 * The data set that a sample belongs to; null: none. `files` of a data set are globs relative to the manifest: `*` and
 * `?` stay in a folder, `**` crosses folders, `{a,b}` is one or the other.
 */
export function findDataset({ manifest, baseFolder }: ManifestFile, samplePath: string): ManifestDataset | null {
  const path = relative(baseFolder, resolve(samplePath)).split(sep).join("/");
  if (path.startsWith("../")) return null;
  return manifest.datasets.find((dataset) => matchesGlob(path, dataset.files)) ?? null;
}
