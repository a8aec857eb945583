import { type PathlightError, toPathlightError } from "../../common/errors.ts";
import type { ExplainEvent } from "../../protocol/compute.ts";
import type { Explanation } from "../../protocol/explanation.ts";

/** Explanations that are kept, so that undoing brings one back without computing it again. */
const MOST_KEPT = 24;

export interface LiveRunOptions {
  readonly signal: AbortSignal;
  onEvent(event: ExplainEvent): void;
}

export interface LiveRunListener<T> {
  /** The prediction is there, or a draft. */
  onProgress(wanted: T, explanation: Explanation): void;
  onDone(wanted: T, explanation: Explanation): void;
  onFailed(wanted: T, error: PathlightError): void;
}

/**
 * Runs one explanation after the other, never two at once: what is wanted last is run next, and whatever is under way then
 * is cancelled first. Nothing is told of a run that is no longer wanted.
 */
export class LiveRuns<T extends { readonly key: string }> {
  readonly #explain: (wanted: T, options: LiveRunOptions) => Promise<Explanation>;
  readonly #release: (runId: string) => void;
  readonly #listener: LiveRunListener<T>;
  readonly #kept = new Map<string, Explanation>();
  #wanted: T | undefined;
  #abort: AbortController | undefined;
  #working = false;
  /** The newest run that the compute process keeps. */
  #runId: string | undefined;

  constructor(
    explain: (wanted: T, options: LiveRunOptions) => Promise<Explanation>,
    release: (runId: string) => void,
    listener: LiveRunListener<T>,
  ) {
    this.#explain = explain;
    this.#release = release;
    this.#listener = listener;
  }

  /** The explanation of a text that was run before. */
  known(key: string): Explanation | undefined {
    return this.#kept.get(key);
  }

  want(wanted: T): void {
    this.#abort?.abort();
    this.#wanted = wanted;
    if (!this.#working) void this.#work();
  }

  /** Ends what is under way; nothing is wanted for now. */
  cancel(): void {
    this.#wanted = undefined;
    this.#abort?.abort();
  }

  /** Forgets what was explained, for example under other settings. */
  forget(): void {
    this.#kept.clear();
  }

  /** Ends everything and lets go of the run that is kept. */
  dispose(): void {
    this.cancel();
    if (this.#runId !== undefined) this.#release(this.#runId);
    this.#runId = undefined;
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let wanted = this.#next(); wanted !== undefined; wanted = this.#next()) await this.#run(wanted);
    this.#working = false;
  }

  #next(): T | undefined {
    const next = this.#wanted;
    this.#wanted = undefined;
    return next;
  }

  async #run(wanted: T): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    let runId: string | undefined;
    try {
      const explanation = await this.#explain(wanted, {
        signal: abort.signal,
        onEvent: (event) => {
          if (event.type === "predicted") runId = event.runId;
          if (abort.signal.aborted || (event.type !== "predicted" && event.type !== "draft")) return;
          this.#listener.onProgress(wanted, event.explanation);
        },
      });
      if (!abort.signal.aborted) {
        this.#keep(wanted.key, explanation);
        this.#listener.onDone(wanted, explanation);
      }
    } catch (thrown) {
      const error = toPathlightError(thrown);
      if (!abort.signal.aborted && error.code !== "cancelled") this.#listener.onFailed(wanted, error);
    }
    if (this.#abort === abort) this.#abort = undefined;
    if (runId === undefined) return;
    // The compute process keeps few runs, and those of panels are to be among them.
    if (this.#runId !== undefined) this.#release(this.#runId);
    this.#runId = runId;
  }

  #keep(key: string, explanation: Explanation): void {
    this.#kept.delete(key);
    this.#kept.set(key, explanation);
    for (const old of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT) break;
      this.#kept.delete(old);
    }
  }
}
