import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** The folder of Pathlight itself: the repository, or the installed extension. The same from source and from a bundle in dist. */
export function packageFolder(): string {
  for (let folder = here; ; folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as { name?: unknown }).name === "pathlight")
      return folder;
    if (dirname(folder) === folder) return here;
  }
}

/** Folder of an installed npm package as seen from `from`, or undefined where it is not installed. */
export function npmPackageFolder(name: string, from: string): string | undefined {
  const require = createRequire(join(from, "package.json"));
  // Not `resolve(name + "/package.json")`: a package's exports may hide that file.
  for (const folder of require.resolve.paths(name) ?? []) {
    if (existsSync(join(folder, name, "package.json"))) return join(folder, name);
  }
  return undefined;
}
