import * as path from "node:path";
import { applyEdits, modify, parse } from "jsonc-parser";
import { baselineNames, type ManifestDataset, type ManifestInput, type ManifestModel } from "../protocol/manifest.ts";

/** The same entry with its file paths relative to another folder, with `/`. */
export function rebaseEntry(entry: ManifestModel, fromFolder: string, toFolder: string): ManifestModel {
  const rebase = (file: string): string => relativePath(toFolder, path.resolve(fromFolder, file));
  const { labels, baseline } = entry;
  const isFile = typeof baseline === "string" && !baselineNames.some((name) => name === baseline);
  return {
    ...entry,
    path: rebase(entry.path),
    inputs: entry.inputs.map((input) => rebaseInput(input, rebase)),
    ...(typeof labels === "string" ? { labels: rebase(labels) } : {}),
    ...(isFile ? { baseline: rebase(baseline) } : {}),
  };
}

function rebaseInput(input: ManifestInput, rebase: (file: string) => string): ManifestInput {
  if (input.kind !== "text") return input;
  const { tokenizer } = input;
  if (tokenizer.type === "bytes") return input;
  if (tokenizer.type === "huggingface") return { ...input, tokenizer: { ...tokenizer, file: rebase(tokenizer.file) } };
  if (tokenizer.type === "word-index") return { ...input, tokenizer: { ...tokenizer, file: rebase(tokenizer.file) } };
  if (tokenizer.type === "text-vectorization") {
    const { vocabulary, config } = tokenizer;
    const files = {
      ...(vocabulary === undefined ? {} : { vocabulary: rebase(vocabulary) }),
      ...(config === undefined ? {} : { config: rebase(config) }),
    };
    return { ...input, tokenizer: { ...tokenizer, ...files } };
  }
  return { ...input, tokenizer: { ...tokenizer, vocabulary: rebase(tokenizer.vocabulary) } };
}

export function relativePath(folder: string, file: string): string {
  const relative = path.relative(folder, file).replaceAll("\\", "/");
  return relative === "" ? "." : relative;
}

const format = { formattingOptions: { insertSpaces: true, tabSize: 2, eol: "\n" } };

/** The text of a manifest with a model (and its data set) added at the end; comments and order stay. `text` may be empty. */
export function addToManifest(text: string, entry: ManifestModel, dataset: ManifestDataset | undefined): string {
  if (text.trim() === "") {
    const manifest = { version: 1, models: [entry], datasets: dataset === undefined ? [] : [dataset] };
    return `${JSON.stringify(manifest, null, 2)}\n`;
  }
  let result = append(text, "models", entry);
  if (dataset !== undefined) result = append(result, "datasets", dataset);
  return result;
}

function append(text: string, list: "models" | "datasets", value: unknown): string {
  const root: unknown = parse(text);
  const there = typeof root === "object" && root !== null && Object.hasOwn(root, list);
  return applyEdits(
    text,
    there
      ? modify(text, [list, -1], value, { ...format, isArrayInsertion: true })
      : modify(text, [list], [value], format),
  );
}
