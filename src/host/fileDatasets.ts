import { readManifestText } from "../protocol/manifestText.ts";
import { isFileModel } from "../protocol/readsWholeFiles.ts";

/** Globs of the data sets whose model reads whole files; null: no model of the manifest does, or it cannot be read. */
export function fileDatasets(manifestText: string): readonly string[] | null {
  const { manifest } = readManifestText(manifestText);
  const models = new Set(manifest?.models.filter(isFileModel).map(({ name }) => name));
  if (manifest === undefined || models.size === 0) return null;
  return manifest.datasets.filter(({ model }) => models.has(model)).flatMap(({ files }) => files);
}
