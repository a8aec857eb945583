import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../common/errors.ts";
import type { BackendInfo, BackendOptions } from "./backendInfo.ts";
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

/** @throws PathlightError `backend-unavailable` without the .wasm files, `backend-broken` when they do not start. */
export async function activateWasm(_options: BackendOptions = {}): Promise<BackendInfo> {
  const folder = wasmFolder();
  if (folder === undefined) {
    throw new PathlightError("backend-unavailable", "The WebAssembly files of tfjs are not installed.", {
      expected: binary,
      whatToDo: "Install Pathlight again (`npm install` and `npm run build` in the repository).",
    });
  }
  const { setWasmPaths, version_wasm } = await import("@tensorflow/tfjs-backend-wasm");
  if (!started) setWasmPaths(folder + sep);
  const ok = await withoutProcessHandlers(() => tf.setBackend("wasm"));
  if (!ok) {
    throw new PathlightError("backend-broken", "WebAssembly does not start.", {
      file: folder,
      whatToDo: "Install Pathlight again (`npm install` and `npm run build` in the repository).",
    });
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
