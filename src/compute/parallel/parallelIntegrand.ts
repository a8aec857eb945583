import { breathe, throwIfCancelled } from "../../common/cancellation.ts";
import { errorLine, PathlightError, toPathlightError } from "../../common/errors.ts";
import type { BatchMemory } from "../../engine/modelIntegrand.ts";
import type { PathIntegrand, PathSamples } from "../../engine/pathIntegrand.ts";
import { batchAtPace } from "../pacedIntegrand.ts";
import type { ScorePath } from "../scorePath.ts";
import { agree } from "./agreement.ts";
import type { Answer, ParallelWorker } from "./parallelWorker.ts";
import { within } from "./patience.ts";
import type { WorkerPool } from "./workerPool.ts";

export interface ParallelOptions {
  /** The same path in the main thread. */
  readonly inner: PathIntegrand & { readonly memory: BatchMemory | null };
  readonly pool: WorkerPool;
  readonly path: ScorePath;
  /** Points that the run will probably take. */
  readonly expected: number;
}

/** A worker that needs this many times as long as the main thread for the same work counts as hung. */
const PATIENCE = 20;

/**
 * WebAssembly's memory grows by so many times what the tape keeps: gradients, workspaces of kernels and gaps come on top.
 * Measured: 2.1 to 2.4 for a BERT of 512 tokens, 2.7 for MobileNetV2.
 */
const TAPE_TO_MEMORY = 2.7;

/** Part of a batch, and the worker that has it. */
interface Share {
  readonly worker: ParallelWorker;
  readonly alphas: readonly number[];
  /** Points of the main thread that the worker is asked for as well, ahead of its own. */
  readonly check: readonly number[];
  readonly answer: Promise<Answer>;
}

/**
 * Splits every batch over the main thread and the workers of a pool; the points of a batch do not influence each other.
 * What a worker computes first on a path includes a point of the main thread's, and counts only if both agree. A worker
 * that fails, hangs or disagrees is given up and its share computed by the main thread, so a run ends as it would have
 * ended without workers, with the same values and the same errors.
 */
export class ParallelIntegrand implements PathIntegrand {
  readonly size: number;
  readonly #options: ParallelOptions;
  readonly #begun = new Set<ParallelWorker>();
  readonly #checked = new Set<ParallelWorker>();
  #evaluated = 0;
  #threads = 1;

  constructor(options: ParallelOptions) {
    this.#options = options;
    this.size = options.inner.size;
  }

  /** Threads that a batch of enough points would be split over now. */
  get lanes(): number {
    return 1 + this.#options.pool.ready.length;
  }

  /** The most threads whose values have been used. */
  get threads(): number {
    return this.#threads;
  }

  async evaluate(alphas: readonly number[], signal?: AbortSignal): Promise<PathSamples> {
    throwIfCancelled(signal);
    const { inner, pool } = this.#options;
    const workers = this.#workersFor(alphas.length);
    const [mine, ...theirs] = split(alphas, 1 + workers.length) as [number[], ...number[][]];
    const shares = workers.map((worker, i) => this.#handOut(worker, theirs[i] as number[], mine.slice(0, 1)));

    const start = performance.now();
    const own = await inner.evaluate(mine, signal).catch((thrown: unknown) => ({ thrown }));
    const elapsed = performance.now() - start;
    if (!("thrown" in own)) this.#measured(elapsed / mine.length, alphas.length);

    // Also after an error: a worker must not be left with work that nobody waits for.
    const answers = await Promise.all(shares.map((share) => this.#answerOf(share, elapsed / mine.length)));
    if ("thrown" in own) throw own.thrown;

    const parts = [own];
    for (const [i, share] of shares.entries()) parts.push(await this.#accept(share, answers[i] as Answer, own, signal));
    this.#evaluated += alphas.length;
    const inUse = shares.filter(({ worker }) => pool.ready.includes(worker));
    this.#threads = Math.max(this.#threads, 1 + inUse.length);
    return { f: Float64Array.from(parts.flatMap(({ f }) => [...f])), g: parts.flatMap(({ g }) => g) };
  }

  #workersFor(points: number): readonly ParallelWorker[] {
    const { ready, msPerPoint, limits } = this.#options.pool;
    if (msPerPoint === undefined || msPerPoint * points < limits.worthMs) return [];
    return ready.slice(0, points - 1);
  }

  /** Posts all that the worker needs at once: the main thread then starts on its own part and sees no message. */
  #handOut(worker: ParallelWorker, alphas: readonly number[], first: readonly number[]): Share {
    if (!this.#begun.has(worker)) worker.begin(this.#options.path);
    this.#begun.add(worker);
    const check = this.#checked.has(worker) ? [] : first;
    return { worker, alphas, check, answer: worker.evaluate([...check, ...alphas]) };
  }

  /** After a batch of `points`, with what one of the main thread's took. */
  #measured(msPerPoint: number, points: number): void {
    const { inner, pool, expected } = this.#options;
    pool.msPerPoint = msPerPoint;
    const done = this.#evaluated + points;
    // What has gone on for longer than expected will probably go on for as long again.
    if (msPerPoint * Math.max(expected - done, done / 2) <= pool.limits.paysMs) return;
    if (inner.memory === null) return;
    // A worker gets as many points as fit the pace, and with its first ones a point of the main thread's.
    const { weights, perPoint } = inner.memory;
    pool.grow(weights + TAPE_TO_MEMORY * perPoint * (Math.max(1, batchAtPace(msPerPoint)) + 1));
  }

  async #answerOf({ worker, answer, alphas, check }: Share, msPerPoint: number): Promise<Answer> {
    const { pool } = this.#options;
    const expectedMs = msPerPoint * (alphas.length + check.length);
    const ms = Math.max(PATIENCE * expectedMs, pool.limits.patienceMs);
    const late = new PathlightError("compute-died", `It did not answer within ${(ms / 1000).toPrecision(2)} s.`);
    const found = await within(ms, answer, { error: late });
    if ("error" in found && found.error === late) pool.drop(worker, late.message);
    return found;
  }

  /** The worker's values where they can be used, else the main thread's for the same points. */
  async #accept(share: Share, answer: Answer, own: PathSamples, signal: AbortSignal | undefined): Promise<PathSamples> {
    const { worker, check } = share;
    const { pool } = this.#options;
    if ("error" in answer) return this.#computeInstead(share, answer.error, signal);
    const { f, g } = answer.samples;
    const whole = f.length === check.length + share.alphas.length && g.length === f.length;
    if (!whole || g.some((gradient) => gradient.length !== this.size)) {
      pool.drop(worker, "It answered with fewer values than it was asked for.");
      return this.#computeAgain(share, signal);
    }
    if (check.length > 0 && !agree({ f, g }, own)) {
      pool.drop(worker, "Its values differ from those of the main thread.");
      return this.#computeAgain(share, signal);
    }
    this.#checked.add(worker);
    return { f: f.subarray(check.length), g: g.slice(check.length) };
  }

  /** Where the main thread ends in the same error, that is the run's; where it does not, the worker is at fault. */
  async #computeInstead(share: Share, error: PathlightError, signal: AbortSignal | undefined): Promise<PathSamples> {
    const { pool } = this.#options;
    // A module that has run out of memory is not to be trusted with another batch.
    if (error.code === "out-of-memory" || error.code === "compute-died") pool.drop(share.worker, errorLine(error));
    const samples = await this.#computeAgain(share, signal).catch((thrown: unknown) => {
      if (toPathlightError(thrown).code !== error.code) pool.drop(share.worker, errorLine(error));
      throw thrown;
    });
    pool.drop(share.worker, errorLine(error));
    return samples;
  }

  async #computeAgain({ alphas }: Share, signal: AbortSignal | undefined): Promise<PathSamples> {
    await breathe();
    throwIfCancelled(signal);
    return this.#options.inner.evaluate(alphas, signal);
  }
}

/** Consecutive parts of nearly equal length, the longer ones first. */
function split<T>(values: readonly T[], parts: number): T[][] {
  const least = Math.floor(values.length / parts);
  const longer = values.length % parts;
  return Array.from({ length: parts }, (_, i) => {
    const start = i * least + Math.min(i, longer);
    return values.slice(start, start + least + (i < longer ? 1 : 0));
  });
}
