import { relative, resolve, sep } from "node:path";
import type { ManifestDataset } from "../../protocol/manifest.ts";
import type { ManifestFile } from "./readManifest.ts";

/**
 * The data set that a sample belongs to; null: none. `files` of a data set are globs relative to the manifest: `*` and
 * `?` stay in a folder, `**` crosses folders, `{a,b}` is one or the other.
 */
export function findDataset({ manifest, baseFolder }: ManifestFile, samplePath: string): ManifestDataset | null {
  const path = relative(baseFolder, resolve(samplePath)).split(sep).join("/");
  if (path.startsWith("../")) return null;
  return (
    manifest.datasets.find((dataset) => [dataset.files].flat().some((glob) => globPattern(glob).test(path))) ?? null
  );
}

/** A glob as a regular expression over a path with forward slashes. */
export function globPattern(glob: string): RegExp {
  let depth = 0;
  const source = glob.replace(/^\.\//, "").replaceAll(/\*\*\/|\*\*|[*?{},]|[.+^$()|[\]\\]/g, (part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    if (part === "{") {
      depth++;
      return "(?:";
    }
    if (part === "}") {
      if (depth === 0) return "\\}";
      depth--;
      return ")";
    }
    if (part === ",") return depth > 0 ? "|" : ",";
    return `\\${part}`;
  });
  return new RegExp(`^${source}${")".repeat(depth)}$`, "u");
}
