import { readFile, realpath, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { PathlightError } from "../common/errors.ts";
import type { ModelRef } from "../protocol/explain.ts";
import type { Manifest, ManifestDataset } from "../protocol/manifest.ts";
import { readManifestText } from "../protocol/manifestText.ts";
import type { ExplainFlags } from "./explainFlags.ts";
import { matchesGlob } from "./glob.ts";

/** The model that is meant, with what the manifest says of it and of the data set that the sample is in. */
export interface ModelChoice {
  readonly model: ModelRef;
  readonly dataset: { readonly spec: ManifestDataset; readonly folder: string } | undefined;
  readonly notes: readonly string[];
}

interface OpenManifest {
  readonly file: string;
  readonly folder: string;
  readonly manifest: Manifest;
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
  const named = flags.manifest === undefined ? undefined : await openManifest(resolve(folder, flags.manifest));
  const starts = [
    ...(asFile === undefined ? [] : [dirname(asFile)]),
    ...(sample === undefined ? [] : [dirname(sample)]),
    folder,
  ];
  for await (const opened of named === undefined ? manifestsAbove(starts) : [named]) {
    for (const entry of opened.manifest.models) {
      const path = await modelFile(resolve(opened.folder, entry.path));
      const meant =
        asFile === undefined ? entry.name === flags.model : path !== undefined && (await same(path, asFile));
      if (!meant) continue;
      if (path === undefined)
        throw modelNotFound(resolve(opened.folder, entry.path), `Correct \`path\` in ${opened.file}.`);
      return {
        model: { path, format: entry.format, entry, baseFolder: opened.folder },
        dataset: sample === undefined ? undefined : datasetOf(opened, entry.name, sample),
        notes: [],
      };
    }
  }
  if (asFile === undefined) throw modelNotFound(resolve(folder, flags.model), "Correct --model.");
  const notes =
    named === undefined
      ? []
      : [`Note: ${named.file} does not name ${asFile}; its preprocessing is inferred from the model.`];
  return { model: { path: asFile }, dataset: undefined, notes };
}

/** The file itself, or `model.json` in the folder; undefined where neither is there. */
async function modelFile(path: string): Promise<string | undefined> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory() === true) return modelFile(join(path, "model.json"));
  return stats?.isFile() === true ? path : undefined;
}

function modelNotFound(path: string, whatToDo: string): PathlightError {
  return new PathlightError("model-not-found", `There is no model at ${path}.`, {
    file: path,
    expected: "model.json of a TensorFlow.js model, its folder, or the name of a model in pathlight.json",
    found: "no such file",
    whatToDo,
  });
}

async function same(a: string, b: string): Promise<boolean> {
  return (await realpath(a)) === (await realpath(b));
}

async function* manifestsAbove(starts: readonly string[]): AsyncGenerator<OpenManifest> {
  const seen = new Set<string>();
  for (const start of starts) {
    for (let folder = start; ; folder = dirname(folder)) {
      const file = join(folder, "pathlight.json");
      if ((await stat(file).catch(() => undefined))?.isFile() === true) {
        if (!seen.has(file)) yield await openManifest(file);
        seen.add(file);
        break;
      }
      if (dirname(folder) === folder) break;
    }
  }
}

async function openManifest(file: string): Promise<OpenManifest> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new PathlightError("manifest-invalid", `The manifest ${file} cannot be read.`, {
      file,
      expected: "a pathlight.json",
      found: error.code === "ENOENT" ? "no such file" : error.message,
      whatToDo: "Correct --manifest.",
    });
  });
  const { manifest, issues } = readManifestText(text);
  if (manifest !== undefined) return { file, folder: dirname(file), manifest };
  const [first, ...others] = issues;
  throw new PathlightError("manifest-invalid", `Line ${first?.line ?? 1}: ${first?.message ?? "not a manifest."}`, {
    file: `${file}:${first?.line ?? 1}`,
    expected: "a manifest as its schema says",
    whatToDo: others.length === 0 ? "Correct this line." : `Correct it; ${others.length} more follow.`,
  });
}

function datasetOf({ manifest, folder }: OpenManifest, model: string, sample: string): ModelChoice["dataset"] {
  const path = relative(folder, sample).split(sep).join("/");
  const spec = manifest.datasets.find(
    (dataset) => dataset.model === model && [dataset.files].flat().some((pattern) => matchesGlob(path, pattern)),
  );
  return spec === undefined ? undefined : { spec, folder };
}
