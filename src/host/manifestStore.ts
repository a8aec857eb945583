import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import { PathlightError } from "../common/errors.ts";
import type { Manifest, ManifestModel } from "../protocol/manifest.ts";
import { readManifestText } from "../protocol/manifestText.ts";
import { isFileModel } from "../protocol/readsWholeFiles.ts";
import { relativePath } from "./manifestEntry.ts";
import { MANIFEST_NAME } from "./manifestName.ts";
import { chooseModel, datasetOf, isFileSample } from "./modelChoice.ts";
import type { ModelTarget, SampleTarget } from "./subject.ts";
import { originOf, samplePath } from "./subject.ts";

export interface LoadedManifest {
  readonly path: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Finds and reads `pathlight.json`, and says which of its models reads a sample. */
export class ManifestStore {
  /** The nearest manifest above the file, else the workspace's own; undefined when there is none. */
  async locate(file: string | undefined): Promise<string | undefined> {
    const folders = vscode.workspace.workspaceFolders?.map((folder) => folder.uri.fsPath) ?? [];
    if (file !== undefined) {
      const top = folders.find((folder) => isInside(file, folder)) ?? path.parse(file).root;
      for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
        const candidate = path.join(folder, MANIFEST_NAME);
        if (existsSync(candidate)) return candidate;
        if (folder === top || folder === path.dirname(folder)) break;
      }
    }
    const atRoot = folders.map((folder) => path.join(folder, MANIFEST_NAME)).find((candidate) => existsSync(candidate));
    if (atRoot !== undefined) return atRoot;
    const found = await vscode.workspace.findFiles(`**/${MANIFEST_NAME}`, "**/node_modules/**", 20);
    return found.map((uri) => uri.fsPath).sort((a, b) => a.length - b.length || a.localeCompare(b))[0];
  }

  /** @throws PathlightError `manifest-invalid` that names the line. */
  async read(file: string): Promise<LoadedManifest> {
    const text = await readFile(file, "utf8");
    const { manifest, issues } = readManifestText(text);
    if (manifest === undefined || issues.length > 0) {
      throw new PathlightError("manifest-invalid", `The manifest has ${count(issues.length, "mistake")}.`, {
        file,
        found: issues.map(({ line, message }) => `line ${line}: ${message}`).join(" "),
        whatToDo: "Open the manifest: the Problems panel lists every mistake with its line.",
      });
    }
    return { path: file, folder: path.dirname(file), manifest };
  }

  async nearest(file: string | undefined): Promise<LoadedManifest | undefined> {
    const found = await this.locate(file);
    return found === undefined ? undefined : this.read(found);
  }

  choose(loaded: LoadedManifest, sample: SampleTarget) {
    const file = samplePath(sample.sample) ?? originOf(sample);
    return chooseModel(loaded.manifest, this.#relative(loaded, file), sample.kind);
  }

  /** Whether the file is a sample as its bytes: by its data set, or because a model takes any file and no other kind fits. */
  async fileUse(file: string): Promise<{ readonly mapped: boolean; readonly possible: boolean }> {
    const loaded = await this.nearest(file);
    if (loaded === undefined) return { mapped: false, possible: false };
    const mapped = isFileSample(loaded.manifest, relativePath(loaded.folder, file));
    return { mapped, possible: mapped || loaded.manifest.models.some(isFileModel) };
  }

  /** A model of a manifest with its absolute paths. */
  target(loaded: LoadedManifest, model: ManifestModel, file: string | undefined): ModelTarget {
    const relative = this.#relative(loaded, file);
    const dataset = relative === undefined ? undefined : datasetOf(loaded.manifest, relative);
    return {
      ref: { path: path.resolve(loaded.folder, model.path), entry: model, baseFolder: loaded.folder },
      name: model.name,
      dataset: dataset?.model === model.name ? dataset : undefined,
      manifest: loaded.path,
    };
  }

  /** Folders that a sample named in source code may be relative to. */
  async sampleFolders(file: string | undefined): Promise<readonly string[]> {
    const manifest = await this.locate(file);
    const folders = vscode.workspace.workspaceFolders?.map((folder) => folder.uri.fsPath) ?? [];
    const own = file === undefined ? [] : [path.dirname(file)];
    return [...new Set([...own, ...(manifest === undefined ? [] : [path.dirname(manifest)]), ...folders])];
  }

  #relative(loaded: LoadedManifest, file: string | undefined): string | undefined {
    return file === undefined ? undefined : relativePath(loaded.folder, file);
  }
}

function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative === "" || (!relative.startsWith("..") && !path.isAbsolute(relative));
}

function count(number: number, noun: string): string {
  return number === 1 ? `a ${noun}` : `${number} ${noun}s`;
}
