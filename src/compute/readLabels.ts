import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { PathlightError } from "../common/errors.ts";
import type { ManifestModel } from "../protocol/manifest.ts";

const labelsSchema = z.union([z.array(z.string()), z.record(z.string(), z.string())]);

/** Class names in output order: from the manifest itself, a text file with one a line, or a JSON array or object by index. */
export async function readLabels(
  labels: ManifestModel["labels"],
  baseFolder: string,
  signal: AbortSignal | undefined,
): Promise<string[] | undefined> {
  if (labels === undefined || Array.isArray(labels)) return labels;
  const file = resolve(baseFolder, labels);
  const text = await readFile(file, { encoding: "utf8", signal }).catch((cause: unknown) => {
    throw new PathlightError(
      "manifest-invalid",
      "The labels file cannot be read.",
      {
        file,
        expected: "a text file with one label a line",
        found: "none",
        whatToDo: "Correct `labels` in pathlight.json.",
      },
      cause,
    );
  });
  if (!file.toLowerCase().endsWith(".json")) {
    const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
    while (lines.at(-1)?.trim() === "") lines.pop();
    return lines.map((line) => line.trim());
  }
  try {
    const parsed = labelsSchema.parse(JSON.parse(text));
    return Array.isArray(parsed)
      ? parsed
      : Object.keys(parsed)
          .sort((a, b) => Number(a) - Number(b))
          .map((key) => parsed[key] ?? key);
  } catch (cause) {
    throw new PathlightError(
      "manifest-invalid",
      "The labels file does not hold labels.",
      {
        file,
        expected: 'a JSON array of names, or an object such as {"0": "cat"}',
        found: "something else",
        whatToDo: "Correct the file or `labels` in pathlight.json.",
      },
      cause,
    );
  }
}
