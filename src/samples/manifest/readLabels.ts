import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import type { ManifestModel } from "../../protocol/manifest.ts";

/**
 * Class names in output order: the list of the manifest, or a file with one name a line or a JSON list (also as
 * `labels` or `classes` of a JSON object, or as `{"0": name, …}`, by itself or as `id2label`); null: the manifest has none. Throws
 * `manifest-invalid`.
 */
export async function readLabels(labels: ManifestModel["labels"], baseFolder: string): Promise<string[] | null> {
  if (labels === undefined) return null;
  if (typeof labels !== "string") return labels;
  const file = resolve(baseFolder, labels);
  try {
    return parseLabels(await readFile(file, "utf8"), file);
  } catch (cause) {
    if (cause instanceof PathlightError) throw cause;
    const details = { file, found: cause instanceof Error ? cause.message : String(cause) };
    const whatToDo = "Correct `labels` in pathlight.json; its path is relative to that file.";
    throw new PathlightError("manifest-invalid", "The class names cannot be read.", { ...details, whatToDo }, cause);
  }
}

/** See {@link readLabels}. */
export function parseLabels(text: string, file: string): string[] {
  const clean = text.replace(/^\uFEFF/, "");
  const names = file.toLowerCase().endsWith(".json") ? fromJson(clean, file) : fromLines(clean);
  if (names.length > 0) return names;
  throw new PathlightError("manifest-invalid", "The file of class names is empty.", {
    file,
    expected: "one name a line, in the order of the outputs",
    found: "nothing",
    whatToDo: "Write the class names into it.",
  });
}

function fromLines(text: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  while (lines.at(-1) === "") lines.pop();
  return lines;
}

function fromJson(text: string, file: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw notNames(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const names = listOf(value);
  if (names === null) throw notNames(file, text.slice(0, 60), undefined);
  return names;
}

function listOf(value: unknown): string[] | null {
  if (Array.isArray(value)) return value.every((name) => typeof name === "string") ? value : null;
  if (typeof value !== "object" || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    if ((key === "labels" || key === "classes") && Array.isArray(inner)) return listOf(inner);
    // A Hugging Face configuration.
    if (key === "id2label" && typeof inner === "object" && !Array.isArray(inner)) return listOf(inner);
  }
  const entries: [string, unknown][] = Object.entries(value);
  const names = entries.map((_, index) => entries.find(([key]) => key === String(index))?.[1]);
  return names.length > 0 ? listOf(names) : null;
}

function notNames(file: string, found: string, cause: unknown): PathlightError {
  const details = {
    file,
    expected: 'a JSON list of names, or {"0": name, …}',
    found,
    whatToDo: "Write one name a line into a .txt file instead.",
  };
  return new PathlightError("manifest-invalid", "The file does not hold class names.", details, cause);
}
