import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import type { BackendOptions } from "../backendInfo.ts";
import { defaultCacheFolder } from "../cacheFolder.ts";
import { run } from "../childProcess.ts";
import { libraryNames } from "./libraryFile.ts";
import { pythonCandidates } from "./pythonEnvironment.ts";
import { searchTensorFlow } from "./search.ts";
import { findUsable, tryCandidate, type UsableTensorFlow } from "./usable.ts";
import { tensorflowVersion, wheel, wheelArguments } from "./wheel.ts";

/** The first Python that has pip. */
export async function findPip(options: BackendOptions = {}): Promise<string | undefined> {
  for (const python of pythonCandidates(options.python ?? process.env["PATHLIGHT_PYTHON"])) {
    if ((await run(python, ["-m", "pip", "--version"], { timeoutMs: 30_000 })).code === 0) return python;
  }
  return undefined;
}

/**
 * Gives this machine a TensorFlow that loads: one that is there already, else the wheel from pip, of which only the C
 * library and its headers are kept (0.8 GB), in the cache folder. Safe to call again and to kill.
 *
 * @throws PathlightError `backend-unavailable` with what is missing.
 */
export async function installTensorFlow(options: BackendOptions = {}): Promise<UsableTensorFlow> {
  const usable = await findUsable(options);
  if (usable !== undefined) return usable;
  if (wheel() === undefined)
    throw unavailable(`TensorFlow's Python package holds no C library for ${process.platform} ${process.arch}.`);
  const python = await findPip(options);
  if (python === undefined) {
    throw unavailable(
      "There is no pip to download TensorFlow with.",
      "Install Python with pip (`sudo apt-get install python3-pip`), or use WebAssembly.",
    );
  }
  await download(python, options);
  for await (const finding of searchTensorFlow(options)) {
    if (finding.place !== "download" || finding.candidate === undefined) continue;
    const result = await tryCandidate(finding.candidate, options);
    if (result instanceof PathlightError) throw result;
    return result;
  }
  throw unavailable(`The downloaded wheel holds no ${libraryNames()?.c}.`);
}

// The members of the wheel that are needed: the libraries and the headers that the binding includes, with theirs.
const unpackScript = `
import sys, zipfile
wanted = ("tensorflow/libtensorflow", "tensorflow/include/tensorflow/c/", "tensorflow/include/tensorflow/core/platform/",
          "tensorflow/include/tensorflow/core/public/", "tensorflow/include/xla/tsl/", "tensorflow/include/tsl/")
with zipfile.ZipFile(sys.argv[1]) as wheel:
    wheel.extractall(sys.argv[2], [name for name in wheel.namelist() if name.startswith(wanted)])
`;

async function download(python: string, options: BackendOptions): Promise<void> {
  const target = join(options.cacheFolder ?? defaultCacheFolder(), `tensorflow-${tensorflowVersion}`);
  const aside = `${target}.${process.pid}.part`;
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside, { recursive: true });
  try {
    const fetched = await fetchWheel(python, aside, options);
    if (fetched !== undefined)
      throw unavailable(
        `pip could not download TensorFlow: ${fetched}`,
        "Check the network and pip's index, or use WebAssembly.",
      );
    const file = readdirSync(aside).find((name) => name.endsWith(".whl"));
    if (file === undefined) throw unavailable("pip downloaded no wheel.");
    options.onProgress?.("Unpacking TensorFlow");
    const unpacked = await run(python, ["-c", unpackScript, join(aside, file), aside], { timeoutMs: 600_000 });
    if (unpacked.code !== 0)
      throw unavailable(
        `The wheel cannot be unpacked: ${unpacked.failure ?? unpacked.stderr.trim().split("\n").at(-1)}`,
      );
    rmSync(join(aside, file));
    if (existsSync(target)) rmSync(target, { recursive: true, force: true });
    renameSync(aside, target);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** Runs pip download; the last line of its complaint when it fails. */
async function fetchWheel(python: string, folder: string, options: BackendOptions): Promise<string | undefined> {
  const name = `TensorFlow ${tensorflowVersion}`;
  options.onProgress?.(`Downloading ${name}`);
  const attempt = (bar: readonly string[]) =>
    run(python, ["-m", "pip", "download", "--disable-pip-version-check", ...bar, "-d", folder, ...wheelArguments()], {
      timeoutMs: 3_600_000,
      onStdout: (chunk) => {
        const progress = [...chunk.matchAll(/^Progress (\d+) of (\d+)/gm)].at(-1);
        if (progress === undefined) return;
        const [done, total] = [Number(progress[1]), Number(progress[2])];
        if (total > 1e7)
          options.onProgress?.(`Downloading ${name}: ${Math.round(done / 1e6)} of ${Math.round(total / 1e6)} MB`);
      },
    });
  let result = await attempt(["--progress-bar", "raw"]);
  // pip before 24.1 knows no raw bar.
  if (result.code !== 0 && result.stderr.includes("--progress-bar")) result = await attempt(["--progress-bar", "off"]);
  if (result.code === 0) return undefined;
  const lines = result.stderr.trim().split("\n");
  return result.failure ?? lines.find((line) => line.startsWith("ERROR")) ?? lines.at(-1) ?? `exit ${result.code}`;
}

function unavailable(message: string, whatToDo = "Use WebAssembly."): PathlightError {
  return new PathlightError("backend-unavailable", message, { whatToDo });
}
