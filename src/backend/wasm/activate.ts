import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, sep } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../common/errors.ts";
import type { BackendInfo, BackendOptions } from "../backendInfo.ts";
import { npmPackageFolder, packageFolder } from "../packageFiles.ts";
import { startWithThreads, threadFiles } from "./threads.ts";

const binary = "tfjs-backend-wasm-simd.wasm";
/** The pool that tfjs compiled its module with. */
const mostThreads = 8;

/** Folder of the .wasm files: beside the bundle, else the npm package. */
export function wasmFolder(): string | undefined {
  const root = packageFolder();
  const installed = npmPackageFolder("@tensorflow/tfjs-backend-wasm", root);
  const places = [join(root, "dist", "wasm"), ...(installed === undefined ? [] : [join(installed, "dist")])];
  return places.find((folder) => existsSync(join(folder, binary)));
}

let startedThreads: number | undefined;

/**
 * Computes on WebAssembly, with as many threads as the options say. Threads that do not start are done without, and the
 * note says why. The number of threads is that of the first activation in this process.
 *
 * @throws PathlightError `backend-unavailable` without the .wasm files, `backend-broken` when they do not start.
 */
export async function activateWasm(options: BackendOptions = {}): Promise<BackendInfo> {
  const folder = wasmFolder();
  if (folder === undefined) {
    throw new PathlightError("backend-unavailable", "The WebAssembly files of tfjs are not installed.", {
      expected: binary,
      whatToDo: "Install Pathlight again (`npm install` and `npm run build` in the repository).",
    });
  }
  const { setWasmPaths, version_wasm } = await import("@tensorflow/tfjs-backend-wasm");
  let note: string | undefined;
  if (startedThreads === undefined) {
    setWasmPaths(folder + sep);
    const wanted = Math.min(options.wasmThreads ?? availableParallelism(), mostThreads);
    try {
      startedThreads = await withoutProcessHandlers(() => start(folder, wanted));
    } catch (error) {
      if (wanted === 1) throw doesNotStart(folder, error);
      note = `WebAssembly runs on one thread: ${error instanceof Error ? error.message : String(error)}.`;
      forgetBackend();
      startedThreads = await withoutProcessHandlers(() => start(folder, 1)).catch((cause: unknown) => {
        throw doesNotStart(folder, cause);
      });
    }
  } else await tf.setBackend("wasm");
  const threads = startedThreads > 1 ? [`${startedThreads} threads`] : [];
  const info = { name: "wasm" as const, version: version_wasm, device: ["CPU", "SIMD", ...threads].join(" · ") };
  return note === undefined ? info : { ...info, note };
}

/** Starts tfjs's backend and resolves to the number of threads that it computes with. */
async function start(folder: string, wanted: number): Promise<number> {
  const { getThreadsCount, setThreadsCount } = await import("@tensorflow/tfjs-backend-wasm");
  const files =
    wanted > 1 ? threadFiles(folder, npmPackageFolder("@tensorflow/tfjs-backend-wasm", packageFolder())) : undefined;
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", files !== undefined);
  const set = () => tf.setBackend("wasm");
  if (files !== undefined) setThreadsCount(wanted);
  if (!(files === undefined ? await set() : await startWithThreads(wanted, files, set))) {
    throw new Error("tfjs refuses its WebAssembly module");
  }
  return files === undefined ? 1 : getThreadsCount();
}

/** Lets tfjs start its backend afresh. */
function forgetBackend(): void {
  const factory = tf.findBackendFactory("wasm");
  tf.removeBackend("wasm");
  tf.registerBackend("wasm", factory, 2);
}

function doesNotStart(folder: string, cause: unknown): PathlightError {
  return new PathlightError(
    "backend-broken",
    "WebAssembly does not start.",
    {
      file: folder,
      found: cause instanceof Error ? cause.message : String(cause),
      whatToDo: "Install Pathlight again (`npm install` and `npm run build` in the repository).",
    },
    cause,
  );
}

/** emscripten's start-up code hooks the process's last-resort error events and rethrows; those are ours to handle. */
async function withoutProcessHandlers<T>(action: () => Promise<T>): Promise<T> {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = events.map((event) => new Set<unknown>(process.listeners(event as "uncaughtException")));
  try {
    return await action();
  } finally {
    for (const [index, event] of events.entries()) {
      for (const listener of process.listeners(event as "uncaughtException")) {
        if (before[index]?.has(listener) === false) process.off(event, listener);
      }
    }
  }
}
