import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import type { ModelInfo } from "../protocol/compute.ts";
import type { ManifestDataset, ManifestModel } from "../protocol/manifest.ts";
import { addToManifest, rebaseEntry } from "./manifestEntry.ts";
import { MANIFEST_NAME } from "./manifestName.ts";
import type { LoadedManifest } from "./manifestStore.ts";

/** Where an entry that was inferred would be written, and how it reads there. */
export interface ManifestPlace {
  /** Absolute path of the manifest. */
  readonly manifest: string;
  readonly folder: string;
  /** Paths relative to `folder`, a name that is not taken. */
  readonly entry: ManifestModel;
}

/** In the manifest that was found, else in a new one at the top of the workspace that holds `near`. */
export function placeEntry(
  inferred: ModelInfo["inferred"],
  loaded: LoadedManifest | undefined,
  near: string,
): ManifestPlace {
  const folder = loaded?.folder ?? folderFor(near);
  const manifest = loaded?.path ?? path.join(folder, MANIFEST_NAME);
  return { manifest, folder, entry: uniquelyNamed(rebaseEntry(inferred.entry, inferred.baseFolder, folder), loaded) };
}

export async function writePlace(
  { manifest, entry }: ManifestPlace,
  dataset: ManifestDataset | undefined,
): Promise<void> {
  const before = existsSync(manifest) ? await readFile(manifest, "utf8") : "";
  await writeFile(manifest, addToManifest(before, entry, dataset));
}

/** The entry of a manifest for a model file, or for the folder that holds it. */
export function entryOf(loaded: LoadedManifest | undefined, files: readonly string[]): ManifestModel | undefined {
  if (loaded === undefined) return undefined;
  const wanted = new Set(files.flatMap((file) => [file, path.dirname(file)]));
  return loaded.manifest.models.find((model) => wanted.has(path.resolve(loaded.folder, model.path)));
}

function folderFor(file: string): string {
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(file)) ?? vscode.workspace.workspaceFolders?.[0];
  return folder?.uri.fsPath ?? path.dirname(file);
}

function uniquelyNamed(entry: ManifestModel, loaded: LoadedManifest | undefined): ManifestModel {
  const taken = new Set(loaded?.manifest.models.map((model) => model.name));
  let name = entry.name;
  for (let n = 2; taken.has(name); n++) name = `${entry.name}-${n}`;
  return { ...entry, name };
}
