import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import type { BackendOptions } from "../backendInfo.ts";
import { defaultCacheFolder } from "../cacheFolder.ts";
import { npmPackageFolder, packageFolder } from "../packageFiles.ts";
import type { Candidate } from "./candidate.ts";
import { compileBinding } from "./compileBinding.ts";

/** Folders of the binding's sources: tfjs-node's C++ files, ours, and the headers of Node's stable C API. */
export interface BindingSources {
  readonly cpp: string;
  readonly own: string;
  readonly nodeApi: string;
}

/** From node_modules in the repository, from dist/native/source in an installed extension. */
export function bindingSources(): BindingSources | undefined {
  const root = packageFolder();
  const shipped = join(root, "dist", "native", "source");
  const node = npmPackageFolder("@tensorflow/tfjs-node", root);
  const headers = npmPackageFolder("node-api-headers", root);
  if (node !== undefined && headers !== undefined) {
    return {
      cpp: join(node, "binding"),
      own: join(root, "src", "backend", "native"),
      nodeApi: join(headers, "include"),
    };
  }
  if (!existsSync(shipped)) return undefined;
  return { cpp: join(shipped, "binding"), own: join(shipped, "own"), nodeApi: join(shipped, "node-api") };
}

/** A binding that came with the package, compiled for this platform; undefined in a repository. */
export function prebuiltBinding(): string | undefined {
  const file = join(packageFolder(), "dist", "native", `${process.platform}-${process.arch}`, "tfjs_binding.node");
  return existsSync(file) ? file : undefined;
}

/** Folder of the binding for one library; another library, another version of the sources or another platform has another. */
export function bindingFolder(candidate: Candidate, options: BackendOptions): string {
  const hash = createHash("sha256");
  const { size, mtimeMs } = statSync(candidate.library);
  hash.update(JSON.stringify([candidate.library, size, mtimeMs, process.platform, process.arch]));
  const prebuilt = prebuiltBinding();
  if (prebuilt !== undefined) hash.update(readFileSync(prebuilt));
  else {
    const sources = bindingSources();
    for (const folder of sources === undefined ? [] : [sources.cpp, sources.own]) {
      for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
    }
  }
  return join(options.cacheFolder ?? defaultCacheFolder(), "bindings", hash.digest("hex").slice(0, 24));
}

/** The compiled binding for a library where there is one already. */
export function existingBinding(candidate: Candidate, options: BackendOptions): string | undefined {
  if (candidate.binding !== undefined) return candidate.binding;
  const file = join(bindingFolder(candidate, options), "tfjs_binding.node");
  return existsSync(file) ? file : undefined;
}

/**
 * The binding that joins Node with the library, copied from the package or compiled at the first use. It lies beside a
 * link `tensorflow` to the library's folder, and finds the library through its own run path ($ORIGIN/tensorflow): no
 * environment variable and no second start of the process is needed.
 *
 * @throws PathlightError `backend-unavailable` when it must be compiled and cannot be.
 */
export async function ensureBinding(candidate: Candidate, options: BackendOptions = {}): Promise<string> {
  const existing = existingBinding(candidate, options);
  if (existing !== undefined) return existing;
  const folder = bindingFolder(candidate, options);
  // Built aside and moved into place in one step: two processes may start at once, and either may be killed.
  const aside = `${folder}.${process.pid}`;
  try {
    mkdirSync(aside, { recursive: true });
    symlinkSync(candidate.folder, join(aside, "tensorflow"), "dir");
    const prebuilt = prebuiltBinding();
    if (prebuilt !== undefined) cpSync(dirname(prebuilt), aside, { recursive: true });
    else {
      options.onProgress?.("Compiling the TensorFlow binding, once");
      await compileBinding(candidate, bindingSources(), aside);
    }
    if (!existsSync(folder)) renameSync(aside, folder);
  } catch (error) {
    if (error instanceof PathlightError) throw error;
    if (!existsSync(join(folder, "tfjs_binding.node"))) throw cannotKeep(dirname(folder), error);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return join(folder, "tfjs_binding.node");
}

function cannotKeep(folder: string, cause: unknown): PathlightError {
  return new PathlightError(
    "backend-unavailable",
    "The TensorFlow binding cannot be written.",
    {
      file: folder,
      expected: "a folder that can be written",
      found: cause instanceof Error ? cause.message : String(cause),
      whatToDo: "Make it writable, or name another folder in PATHLIGHT_CACHE.",
    },
    cause,
  );
}
