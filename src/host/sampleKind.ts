/** What a file can be explained as, read off its name alone: the explorer's menu and the hover ask this for many files. */

export type SampleKind = "image" | "rows" | "tensor";

const imageExtensions = ["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff"] as const;
const rowExtensions = ["jsonl", "ndjson", "csv", "tsv", "txt"] as const;

function extensionOf(path: string): string {
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot + 1).toLowerCase();
}

export function sampleKindOf(path: string): SampleKind | undefined {
  const extension = extensionOf(path);
  if (imageExtensions.some((known) => known === extension)) return "image";
  if (rowExtensions.some((known) => known === extension)) return "rows";
  return extension === "npy" ? "tensor" : undefined;
}

/** File-dialog filters. */
export const sampleFileExtensions: readonly string[] = [...imageExtensions, ...rowExtensions, "npy"];
export const baselineFileExtensions: readonly string[] = [...imageExtensions, "npy"];
