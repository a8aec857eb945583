import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { PathlightError } from "../../common/errors.ts";
import type { BackendOptions } from "../backendInfo.ts";
import { defaultCacheFolder } from "../cacheFolder.ts";
import { run } from "../childProcess.ts";
import type { Candidate } from "./candidate.ts";
import { libraryDefect, libraryNames } from "./libraryFile.ts";

const probeSchema = z.object({ version: z.string(), gpu: z.boolean() });
/** What a loaded TensorFlow says about itself. */
export type Probe = z.infer<typeof probeSchema>;
const cachedSchema = z.object({ key: z.string(), probe: probeSchema });

const script = `
process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
const loaded = { exports: {} };
process.dlopen(loaded, process.argv[1], ${constants.dlopen.RTLD_NOW});
process.stdout.write(JSON.stringify({ version: loaded.exports.TF_Version, gpu: loaded.exports.isUsingGpuDevice() }));
`;

/**
 * Loads the binding and with it TensorFlow in a process of its own, since a library that is damaged can kill the process
 * that loads it. A success is remembered until one of the files changes, so that later starts cost nothing.
 *
 * @throws PathlightError `backend-broken` that names the library.
 */
export async function probeBinding(
  candidate: Candidate,
  binding: string,
  options: BackendOptions = {},
): Promise<Probe> {
  checkLibraryFiles(candidate);
  const cacheFile = join(
    options.cacheFolder ?? defaultCacheFolder(),
    "probes",
    `${createHash("sha256").update(binding).digest("hex").slice(0, 24)}.json`,
  );
  const key = [candidate.library, binding, process.version].map((file) => `${file} ${stamp(file)}`).join("\n");
  const known = readCached(cacheFile);
  if (known?.key === key) return known.probe;

  const { code, signal, stdout, stderr, failure } = await run(process.execPath, ["-e", script, binding], {
    timeoutMs: 120_000,
    env: { ...process.env, ELECTRON_RUN_AS_NODE: "1", NODE_OPTIONS: "" },
  });
  if (code !== 0) {
    const line = stderr.split("\n").find((text) => /^(\w*Error|.*: cannot open|.*undefined symbol)/.test(text));
    const reason = failure ?? line ?? (signal === null ? `exit ${code}` : `the process ended with ${signal}`);
    throw broken(candidate.library, `it cannot be loaded: ${reason.replace(/^Error: /, "")}`);
  }
  const parsed = probeSchema.safeParse(safeJson(stdout));
  if (!parsed.success) throw broken(candidate.library, "it loads, but does not answer as TensorFlow does");
  try {
    mkdirSync(join(cacheFile, ".."), { recursive: true });
    writeFileSync(cacheFile, JSON.stringify({ key, probe: parsed.data }));
  } catch {
    // A cache that cannot be written costs the next start a second, nothing else.
  }
  return parsed.data;
}

/** @throws PathlightError `backend-broken` when a library file is visibly damaged or made for another machine. */
export function checkLibraryFiles(candidate: Candidate): void {
  const framework = libraryNames()?.framework;
  const files = [candidate.library];
  if (framework !== undefined && candidate.binding === undefined) files.push(join(candidate.folder, framework));
  for (const file of files) {
    const defect = libraryDefect(file);
    if (defect !== undefined) throw broken(file, defect);
  }
}

function broken(file: string, found: string): PathlightError {
  return new PathlightError("backend-broken", `The TensorFlow library ${file} is broken.`, {
    file,
    expected: `a whole library for ${process.platform} ${process.arch}`,
    found,
    whatToDo: "Install TensorFlow again (`pathlight doctor` prints the command), or use WebAssembly.",
  });
}

function stamp(file: string): string {
  try {
    const { size, mtimeMs } = statSync(file);
    return `${size} ${mtimeMs}`;
  } catch {
    return "";
  }
}

function readCached(file: string): z.infer<typeof cachedSchema> | undefined {
  try {
    return cachedSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
