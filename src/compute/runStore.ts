import { PathlightError } from "../common/errors.ts";
import type { Run } from "./run.ts";

/** Runs that can still be refined, regrained or exported: the most recent ones, within a budget of memory. */
export class RunStore {
  readonly #runs = new Map<string, Run>();
  readonly #maxBytes: number;
  readonly #maxRuns: number;

  constructor(maxBytes = 1.5 * 2 ** 30, maxRuns = 16) {
    this.#maxBytes = maxBytes;
    this.#maxRuns = maxRuns;
  }

  /** Keeps a run as the most recent one and forgets the oldest ones that no longer fit; the newest is always kept. */
  put(run: Run): void {
    this.#runs.delete(run.id);
    this.#runs.set(run.id, run);
    for (const [id, old] of this.#runs) {
      const bytes = [...this.#runs.values()].reduce((sum, kept) => sum + kept.bytes, 0);
      // The tokens of one written text are one question.
      const questions = new Set([...this.#runs.values()].map((kept) => kept.question)).size;
      if (id === run.id || (bytes <= this.#maxBytes && questions <= this.#maxRuns)) return;
      this.#runs.delete(id);
      old.dispose();
    }
  }

  find(id: string): Run | undefined {
    return this.#runs.get(id);
  }

  /** A run whose nodes are also those of the wanted one: the same model, sample, baseline, target, link and method. */
  findByKey(key: string): Run | undefined {
    return [...this.#runs.values()].reverse().find((run) => run.key === key);
  }

  get(id: string): Run {
    const run = this.#runs.get(id);
    if (run !== undefined) return run;
    throw new PathlightError("run-unknown", "The evaluations of this explanation are no longer kept.", {
      whatToDo: "Run it again.",
    });
  }

  release(id: string): void {
    this.#runs.get(id)?.dispose();
    this.#runs.delete(id);
  }

  dispose(): void {
    for (const run of this.#runs.values()) run.dispose();
    this.#runs.clear();
  }
}
