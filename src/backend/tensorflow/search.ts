import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { BackendOptions } from "../backendInfo.ts";
import { defaultCacheFolder } from "../cacheFolder.ts";
import { npmPackageFolder, packageFolder } from "../packageFiles.ts";
import type { Candidate, PlaceFinding, SearchPlace } from "./candidate.ts";
import { libraryFolderIn, libraryNames } from "./libraryFile.ts";
import { askPython, pythonCandidates } from "./pythonEnvironment.ts";

/**
 * Looks for TensorFlow's library, best place first: the setting, the user's Python environment, Pathlight's own
 * download, a complete @tensorflow/tfjs-node. Every place that was looked at is in the sequence, found or not; nothing
 * is loaded. Lazy, so that a caller who is content with the first does not wait for the rest.
 */
export async function* searchTensorFlow(options: BackendOptions = {}): AsyncGenerator<PlaceFinding> {
  yield inSetting(options);
  yield* inPython(options);
  yield* inDownloads(options);
  yield* inNodePackages(options);
}

/** The folder that the user names, by option or by environment. */
export function namedFolder(options: BackendOptions): { folder: string; origin: string } | undefined {
  if (options.tensorflowPath !== undefined && options.tensorflowPath !== "") {
    return { folder: resolve(options.tensorflowPath), origin: "setting" };
  }
  const variable = process.env["PATHLIGHT_TENSORFLOW"];
  return variable === undefined || variable === ""
    ? undefined
    : { folder: resolve(variable), origin: "PATHLIGHT_TENSORFLOW" };
}

function inSetting(options: BackendOptions): PlaceFinding {
  const named = namedFolder(options);
  if (named === undefined) {
    return { place: "setting", searched: "PATHLIGHT_TENSORFLOW", missing: "no folder is named there" };
  }
  return inFolder("setting", named.folder, named.origin, undefined);
}

async function* inPython(options: BackendOptions): AsyncGenerator<PlaceFinding> {
  const named = options.python ?? process.env["PATHLIGHT_PYTHON"];
  const missing: string[] = [];
  for (const python of pythonCandidates(named)) {
    const answer = await askPython(python);
    if (typeof answer === "string") {
      missing.push(answer);
      continue;
    }
    if (answer.folder === null) {
      yield {
        place: "python",
        searched: answer.executable,
        missing: `Python ${answer.python} has no tensorflow package`,
      };
    } else {
      yield inFolder("python", answer.folder, answer.executable, answer.version ?? undefined);
    }
    // python and python3 are nearly always the same interpreter.
    return;
  }
  yield { place: "python", searched: pythonCandidates(named).join(", "), missing: missing.join("; ") };
}

function* inDownloads(options: BackendOptions): Generator<PlaceFinding> {
  const cache = options.cacheFolder ?? defaultCacheFolder();
  const versions = existsSync(cache)
    ? readdirSync(cache)
        .filter((name) => /^tensorflow-\d+(\.\d+)*$/.test(name))
        .sort((a, b) => b.localeCompare(a, "en", { numeric: true }))
    : [];
  if (versions.length === 0) yield { place: "download", searched: cache, missing: "nothing has been downloaded" };
  for (const name of versions) yield inFolder("download", join(cache, name), cache, name.slice("tensorflow-".length));
}

function* inNodePackages(options: BackendOptions): Generator<PlaceFinding> {
  const seen = new Set<string>();
  for (const from of [...(options.nodeFolders ?? [process.cwd()]), packageFolder()]) {
    const folder = npmPackageFolder("@tensorflow/tfjs-node", from);
    if (folder === undefined || seen.has(folder)) continue;
    seen.add(folder);
    const libraries = join(folder, "deps", "lib");
    const binding = join(folder, "lib", "napi-v8", "tfjs_binding.node");
    const library = ["libtensorflow.so.2", "libtensorflow.2.dylib", "tensorflow.dll"]
      .map((name) => join(libraries, name))
      .find(existsSync);
    if (!existsSync(binding) || library === undefined) {
      yield { place: "tfjs-node", searched: folder, missing: "its own library was not downloaded" };
    } else {
      yield {
        place: "tfjs-node",
        searched: folder,
        candidate: { place: "tfjs-node", folder: libraries, library, version: undefined, origin: folder, binding },
      };
    }
  }
  if (seen.size === 0)
    yield { place: "tfjs-node", searched: "node_modules", missing: "@tensorflow/tfjs-node is not installed" };
}

function inFolder(place: SearchPlace, folder: string, origin: string, version: string | undefined): PlaceFinding {
  const names = libraryNames();
  if (names === undefined) {
    return { place, searched: folder, missing: `TensorFlow's package holds no C library on ${process.platform}` };
  }
  const found = libraryFolderIn(folder);
  if (found === undefined) {
    const reason = existsSync(folder) ? `there is no ${names.c} in it` : "there is no such folder";
    return { place, searched: folder, missing: reason };
  }
  const candidate: Candidate = {
    place,
    folder: realpathSync(found),
    library: join(realpathSync(found), names.c),
    version: version ?? packageVersion(found),
    origin,
  };
  return { place, searched: folder, candidate };
}

/** Version as the dist-info folder beside an installed package says. */
function packageVersion(folder: string): string | undefined {
  const parent = dirname(folder);
  for (const name of readdirSync(parent)) {
    const match = /^tensorflow(?:_(?:cpu|macos|gpu|cpu_aws))?-(.+)\.dist-info$/.exec(name);
    if (match?.[1] !== undefined) return match[1];
  }
  const header = join(folder, "include", "tensorflow", "core", "public", "release_version.h");
  if (!existsSync(header)) return undefined;
  const text = readFileSync(header, "utf8");
  const parts = ["MAJOR", "MINOR", "PATCH"].map((part) => new RegExp(`TF_${part}_VERSION (\\d+)`).exec(text)?.[1]);
  return parts.every((part) => part !== undefined) ? parts.join(".") : undefined;
}
