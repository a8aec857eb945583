import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { PathlightError } from "../common/errors.ts";
import { locateModel } from "../models/locateModel.ts";
import type { ModelRef } from "../protocol/explain.ts";
import type { ManifestDataset } from "../protocol/manifest.ts";
import { findDataset, findManifest, findModelEntry, type ManifestFile, readManifest } from "../samples/index.ts";
import type { ExplainFlags } from "./explainFlags.ts";

/** The model that is meant, with what the manifest says of it and of the data set that the sample is in. */
export interface ModelChoice {
  readonly model: ModelRef;
  readonly dataset: { readonly spec: ManifestDataset; readonly folder: string } | undefined;
  readonly notes: readonly string[];
}

/**
 * Finds the model on disk and its entry in the manifest: `--manifest`, else the nearest `pathlight.json` above the
 * model, then above the sample, that names it. `--model` may also be the name of an entry.
 *
 * @throws PathlightError `model-not-found`, `manifest-invalid`
 */
export async function chooseModel(
  flags: Pick<ExplainFlags, "model" | "manifest">,
  sample: string | undefined,
  folder: string,
): Promise<ModelChoice> {
  const asFile = await modelFile(resolve(folder, flags.model));
  const named = flags.manifest === undefined ? undefined : await readManifest(resolve(folder, flags.manifest));
  const starts = [asFile, sample].flatMap((file) => (file === undefined ? [] : [dirname(file)]));
  for await (const manifest of named === undefined ? manifestsAbove([...starts, folder]) : [named]) {
    const entry = findModelEntry(manifest, asFile ?? flags.model);
    if (entry === null) continue;
    const path = resolve(manifest.baseFolder, entry.path);
    if ((await modelFile(path)) !== path) throw modelNotFound(path, `Correct \`path\` in ${manifest.path}.`);
    return {
      model: { path, format: entry.format, entry, baseFolder: manifest.baseFolder },
      dataset: sample === undefined ? undefined : datasetOf(manifest, entry.name, sample),
      notes: [],
    };
  }
  if (asFile === undefined) throw modelNotFound(resolve(folder, flags.model), "Correct --model.");
  const notes =
    named === undefined
      ? []
      : [`Note: ${named.path} does not name ${asFile}; its preprocessing is inferred from the model.`];
  return { model: { path: asFile }, dataset: undefined, notes };
}

/** The file itself, or the model in the folder; undefined where there is none. */
async function modelFile(path: string): Promise<string | undefined> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory() === true) return (await locateModel(path)).file;
  return stats?.isFile() === true ? path : undefined;
}

function modelNotFound(path: string, whatToDo: string): PathlightError {
  return new PathlightError("model-not-found", `There is no model at ${path}.`, {
    file: path,
    expected: "a model file, its folder, or the name of a model in pathlight.json",
    found: "no such file",
    whatToDo,
  });
}

/** The nearest manifest above each folder, each once. */
async function* manifestsAbove(starts: readonly string[]): AsyncGenerator<ManifestFile> {
  const seen = new Set<string>();
  for (const start of starts) {
    const manifest = await findManifest(start);
    if (manifest === null || seen.has(manifest.path)) continue;
    seen.add(manifest.path);
    yield manifest;
  }
}

function datasetOf(manifest: ManifestFile, model: string, sample: string): ModelChoice["dataset"] {
  const spec = findDataset(manifest, sample);
  return spec?.model === model ? { spec, folder: manifest.baseFolder } : undefined;
}
