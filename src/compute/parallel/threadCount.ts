import { availableParallelism, totalmem } from "node:os";

/** More gain little: the rounds of the adaptive rule seldom have more nodes. */
const MOST_THREADS = 8;
/** A worker's own JavaScript and the library in it. */
const BARE_WORKER_BYTES = 120 * 2 ** 20;

/** Threads that compute, the main thread among them: as set, else PATHLIGHT_WASM_THREADS, else the cores, at most 8. */
export function threadCount(wanted: number | undefined): number {
  const fromEnvironment = process.env["PATHLIGHT_WASM_THREADS"] ?? "";
  const set = wanted ?? (/^\d+$/.test(fromEnvironment) ? Number(fromEnvironment) : undefined);
  return Math.max(1, set ?? Math.min(availableParallelism(), MOST_THREADS));
}

/** How many workers fit into half of the memory that is free, each with so much for its tensors. */
export function workersThatFit(tensorBytes: number, freeBytes: number): number {
  return Math.floor(freeBytes / 2 / (BARE_WORKER_BYTES + tensorBytes));
}

/** Memory that a process may still take. macOS calls most of its memory in use: it is counted as half. */
export function freeMemory(): number {
  return process.platform === "darwin" ? totalmem() / 2 : process.availableMemory();
}
