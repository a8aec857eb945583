import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../common/errors.ts";
import type { BackendInfo } from "./backendInfo.ts";
import { npmPackageFolder, packageFolder } from "./packageFiles.ts";

const binary = "tfjs-backend-wasm-simd.wasm";

/** Folder of the .wasm files: beside the bundle, else the npm package. */
export function wasmFolder(): string | undefined {
  const root = packageFolder();
  const installed = npmPackageFolder("@tensorflow/tfjs-backend-wasm", root);
  const places = [join(root, "dist", "wasm"), ...(installed === undefined ? [] : [join(installed, "dist")])];
  return places.find((folder) => existsSync(join(folder, binary)));
}

let started = false;

/**
 * Computes on WebAssembly with SIMD, on the thread that calls: tfjs keeps its own threads off under Node. Turned on
 * against its will they took 20 to 60 % more processor time for a gradient on two cores (MobileNetV2, a small network),
 * and once in about sixty starts a kernel waited for ever. Other threads may call as well, each with a memory of its own.
 *
 * @throws PathlightError `backend-unavailable` without the .wasm files, `backend-broken` when they do not start.
 */
export async function activateWasm(): Promise<BackendInfo> {
  const folder = wasmFolder();
  const whatToDo = "Install Pathlight again (`npm install` and `npm run build` in the repository).";
  if (folder === undefined) {
    throw new PathlightError("backend-unavailable", "The WebAssembly files of tfjs are not installed.", {
      expected: binary,
      whatToDo,
    });
  }
  const { setWasmPaths, version_wasm } = await import("@tensorflow/tfjs-backend-wasm");
  if (!started) setWasmPaths(folder + sep);
  if (!(await withoutProcessHandlers(() => tf.setBackend("wasm")))) {
    throw new PathlightError("backend-broken", "WebAssembly does not start.", { file: folder, whatToDo });
  }
  started = true;
  const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  return { name: "wasm", version: version_wasm, device: simd ? "CPU · SIMD" : "CPU" };
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
