import { matchesGlob } from "../common/glob.ts";
import type { Manifest, ManifestDataset, ManifestModel } from "../protocol/manifest.ts";
import { isFileModel, readsWholeFiles } from "../protocol/readsWholeFiles.ts";
import type { SampleKind } from "./sampleKind.ts";

/** `text` is a selection in an editor, which is no file; `file` is a file of any type, as its bytes. */
export type ChoiceKind = SampleKind | "text" | "file";

export type ModelChoice =
  | { readonly kind: "one"; readonly model: ManifestModel; readonly dataset: ManifestDataset | undefined }
  | { readonly kind: "several"; readonly models: readonly ManifestModel[] }
  | { readonly kind: "none" };

/**
 * Inputs of a model that the sample can feed; a text or a row also fits a model of plain numbers. A model of whole files
 * reads anything, so that only a data set or the user can mean it for what others read too.
 */
function canRead(model: ManifestModel, kind: ChoiceKind): boolean {
  if (kind === "file") return isFileModel(model);
  return model.inputs.some((input) => {
    if (readsWholeFiles(input)) return false;
    if (kind === "image" || kind === "text") return input.kind === kind;
    if (kind === "rows") return input.kind !== "image";
    return !(input.kind === "tensor" && input.hold);
  });
}

/** The data set that lists the file, if any. `path` is relative to the manifest's folder, with `/`. */
export function datasetOf(manifest: Manifest, path: string): ManifestDataset | undefined {
  return manifest.datasets.find((dataset) => matchesGlob(path, dataset.files));
}

/** Whether the data set of the file gives it to a model that reads whole files. */
export function isFileSample(manifest: Manifest, path: string): boolean {
  const dataset = datasetOf(manifest, path);
  const model = manifest.models.find(({ name }) => name === dataset?.model);
  return model !== undefined && isFileModel(model);
}

/**
 * The model for a sample: the one that its data set names, else the only one that can read it, else a question. Of a
 * piece of text, `path` is the file that it was taken from.
 */
export function chooseModel(manifest: Manifest, path: string | undefined, kind: ChoiceKind): ModelChoice {
  const dataset = path === undefined ? undefined : datasetOf(manifest, path);
  const named = manifest.models.find((model) => model.name === dataset?.model);
  const isMeant = named !== undefined && (kind !== "text" || canRead(named, kind));
  if (isMeant) return { kind: "one", model: named, dataset };
  const fitting = manifest.models.filter((model) => canRead(model, kind));
  const [only] = fitting;
  if (only === undefined) return { kind: "none" };
  return fitting.length === 1 ? { kind: "one", model: only, dataset: undefined } : { kind: "several", models: fitting };
}
