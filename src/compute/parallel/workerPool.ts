import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "../../backend/packageFiles.ts";
import { ParallelWorker } from "./parallelWorker.ts";
import { freeMemory, threadCount, workersThatFit } from "./threadCount.ts";
import type { ModelSource } from "./workerContract.ts";
import { startWorkerThread, type WorkerThread } from "./workerThread.ts";

export interface WorkerPoolOptions extends Partial<WorkerLimits> {
  /** Threads that compute, the main thread among them; 0 and 1: no workers. Undefined: see `threadCount`. */
  readonly threads?: number | undefined;
  readonly log?: ((message: string) => void) | undefined;
  /** Starts a thread; the bundled worker unless told. */
  readonly start?: (() => WorkerThread) | undefined;
  /** Bytes that may still be taken; the system's unless told. */
  readonly freeBytes?: (() => number) | undefined;
}

/** All in milliseconds. */
export interface WorkerLimits {
  /** Workers are started when the main thread would probably go on for longer than this. */
  readonly paysMs: number;
  /** A batch that the main thread does in less is not shared. */
  readonly worthMs: number;
  /** The least that a worker is given for an answer before it counts as hung. */
  readonly patienceMs: number;
  /** How long workers stay, with their model, after the last run. */
  readonly idleMs: number;
}

const usualLimits: WorkerLimits = { paysMs: 1000, worthMs: 4, patienceMs: 10_000, idleMs: 30_000 };

/**
 * Worker threads with a copy of one model each. They are started when a run is long enough to pay for them, serve the
 * runs that follow on the same model, and end when the model is let go or nothing has needed them for a while. A worker
 * that failed is not replaced until then.
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly limits: WorkerLimits;
  #source: ModelSource | undefined;
  #workers: ParallelWorker[] = [];
  #started = 0;
  #hasGrown = false;
  #idle: NodeJS.Timeout | undefined;
  /** Main-thread milliseconds for one point of this model, as last measured. */
  msPerPoint: number | undefined;

  constructor(options: WorkerPoolOptions = {}) {
    this.#options = options;
    const { paysMs, worthMs, patienceMs, idleMs } = { ...usualLimits, ...options };
    this.limits = { paysMs, worthMs, patienceMs, idleMs };
  }

  /** Workers whose model is loaded. */
  get ready(): readonly ParallelWorker[] {
    return this.#workers.filter(({ isReady }) => isReady);
  }

  /** Workers that are ready or still loading. */
  get size(): number {
    return this.#workers.length;
  }

  log(message: string): void {
    this.#options.log?.(message);
  }

  /** A run on this model begins; returns what to call when it ends. Workers of another model are ended. */
  use(source: ModelSource): () => void {
    clearTimeout(this.#idle);
    if (this.#source?.fingerprint !== source.fingerprint) void this.#endAll();
    this.#source = source;
    this.#hasGrown = false;
    return () => {
      clearTimeout(this.#idle);
      this.#idle = setTimeout(() => void this.#endAll(), this.limits.idleMs);
      this.#idle.unref();
    };
  }

  /**
   * Starts, in the background, the workers that are still missing and fit into memory; once a run. `tensorBytes`: what
   * the tensors of each will come to.
   */
  grow(tensorBytes: number): void {
    const source = this.#source;
    const { count, isSet } = threadCount(this.#options.threads);
    const missing = count - 1 - this.#started;
    if (source === undefined || this.#hasGrown || missing <= 0) return;
    this.#hasGrown = true;
    const free = (this.#options.freeBytes ?? freeMemory)();
    const fit = workersThatFit(tensorBytes, free, isSet);
    if (fit < missing) {
      const [each, all] = [tensorBytes, free].map((bytes) => `${Math.round(bytes / 2 ** 20)} MB`);
      this.log(`Of ${missing} workers ${fit} are started: each needs ${each} for its tensors, ${all} are free.`);
    }
    for (let i = 0; i < Math.min(missing, fit); i++) {
      const thread = this.#startThread();
      if (thread === undefined) return;
      this.#started++;
      this.#workers.push(new ParallelWorker(thread, source, (worker, why) => this.drop(worker, why)));
    }
  }

  /** Ends a worker that cannot be relied on any more. */
  drop(worker: ParallelWorker, why: string): void {
    if (!this.#workers.includes(worker)) return;
    this.#workers = this.#workers.filter((other) => other !== worker);
    this.log(`Warning: a worker thread is given up, the others go on: ${why}`);
    void worker.end();
  }

  /** The model with this fingerprint is not kept any more. */
  forget(fingerprint: string): void {
    if (this.#source?.fingerprint === fingerprint) void this.#endAll();
  }

  /** Resolves when every thread has ended. */
  dispose(): Promise<void> {
    return this.#endAll();
  }

  #startThread(): WorkerThread | undefined {
    const { start } = this.#options;
    const entry = join(packageFolder(), "dist", "worker.js");
    try {
      if (start !== undefined) return start();
      if (existsSync(entry)) return startWorkerThread(entry, (message) => this.log(message));
      this.log(`Warning: there is no ${entry}: WebAssembly computes on one thread.`);
    } catch (error) {
      this.log(`Warning: a worker thread could not be started: ${error instanceof Error ? error.message : error}`);
    }
    return undefined;
  }

  async #endAll(): Promise<void> {
    clearTimeout(this.#idle);
    const workers = this.#workers;
    this.#source = undefined;
    this.#workers = [];
    this.#started = 0;
    this.msPerPoint = undefined;
    await Promise.all(workers.map((worker) => worker.end()));
  }
}
