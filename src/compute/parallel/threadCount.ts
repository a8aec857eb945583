import { availableParallelism, totalmem } from "node:os";

/** More gain little: the rounds of the adaptive rule seldom have more nodes. */
const MOST_THREADS = 8;
/** A worker's own JavaScript and the library in it. */
const BARE_WORKER_BYTES = 120 * 2 ** 20;

/** A worker that would need more is not started unless somebody asked for threads. */
const MOST_WORKER_BYTES = 700 * 2 ** 20;

export interface ThreadCount {
  /** Threads that compute, the main thread among them. */
  readonly count: number;
  /** Whether somebody set it. */
  readonly isSet: boolean;
}

/** As set, else PATHLIGHT_WASM_THREADS, else the cores, at most 8. */
export function threadCount(wanted: number | undefined): ThreadCount {
  const fromEnvironment = process.env["PATHLIGHT_WASM_THREADS"] ?? "";
  const set = wanted ?? (/^\d+$/.test(fromEnvironment) ? Number(fromEnvironment) : undefined);
  return {
    count: Math.max(1, set ?? Math.min(availableParallelism(), MOST_THREADS)),
    isSet: set !== undefined,
  };
}

/**
 * How many workers fit into half of the memory that is free, each with so much for its tensors. None where one alone is
 * large, unless threads were asked for: a long text through a transformer then stays below 2 GB.
 */
export function workersThatFit(tensorBytes: number, freeBytes: number, isAskedFor: boolean): number {
  const each = BARE_WORKER_BYTES + tensorBytes;
  return each > MOST_WORKER_BYTES && !isAskedFor ? 0 : Math.floor(freeBytes / 2 / each);
}

/** Memory that a process may still take. macOS calls most of its memory in use: it is counted as half. */
export function freeMemory(): number {
  return process.platform === "darwin" ? totalmem() / 2 : process.availableMemory();
}
