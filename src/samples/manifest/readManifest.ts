import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import type { Manifest, ManifestModel } from "../../protocol/manifest.ts";
import { readManifestText } from "../../protocol/manifestText.ts";

export interface ManifestFile {
  readonly manifest: Manifest;
  /** Absolute. */
  readonly path: string;
  /** Absolute folder that the paths inside are relative to. */
  readonly baseFolder: string;
}

/** Reads and checks a manifest. Throws `manifest-invalid`, which names each mistake with its line. */
export async function readManifest(path: string): Promise<ManifestFile> {
  const file = resolve(path);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    const found = cause instanceof TypeError ? "bytes that are not UTF-8" : cause instanceof Error ? cause.message : "";
    const details = { file, expected: "a pathlight.json file", found, whatToDo: "Check the path of the manifest." };
    throw new PathlightError("manifest-invalid", "The manifest cannot be read.", details, cause);
  }
  const { manifest, issues } = readManifestText(text);
  if (manifest !== undefined) return { manifest, path: file, baseFolder: dirname(file) };
  const found = issues.map(({ line, message }) => `line ${line}: ${message}`);
  throw new PathlightError("manifest-invalid", `The manifest has ${plural(issues.length, "mistake")}.`, {
    file,
    found: found.slice(0, 10).join("\n"),
    whatToDo: "Correct it; an editor with Pathlight underlines the places.",
  });
}

/** The nearest `pathlight.json` in the folder or above it; null: there is none. */
export async function findManifest(startFolder: string): Promise<ManifestFile | null> {
  for (let folder = resolve(startFolder); ; folder = dirname(folder)) {
    const path = join(folder, "pathlight.json");
    if (await exists(path)) return readManifest(path);
    if (dirname(folder) === folder) return null;
  }
}

/** The entry for a model file, by its path or, for one named as in the manifest, by its name; null: none. */
export function findModelEntry({ manifest, baseFolder }: ManifestFile, modelPath: string): ManifestModel | null {
  const wanted = resolve(modelPath);
  const byPath = manifest.models.find((model) => resolve(baseFolder, model.path) === wanted);
  return byPath ?? manifest.models.find((model) => model.name === modelPath) ?? null;
}

async function exists(path: string): Promise<boolean> {
  try {
    await readFile(path);
    return true;
  } catch (cause) {
    // A manifest that is there but cannot be read is an error of reading it, not a missing one.
    return !(cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR"));
  }
}

function plural(count: number, word: string): string {
  return count === 1 ? `a ${word}` : `${count} ${word}s`;
}
