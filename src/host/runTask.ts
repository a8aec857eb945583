import { PathlightError } from "../common/errors.ts";
import type { Explanation } from "../protocol/explanation.ts";

export interface RunTaskOptions<Progress> {
  /** Does it for a run; the run with what was found. */
  readonly call: (
    runId: string,
    options: { readonly signal: AbortSignal; readonly onEvent: (progress: Progress) => void },
  ) => Promise<Explanation>;
  /** Progress before anything is done. */
  readonly start: Progress;
  readonly onChange: () => void;
}

/** What is done with a finished run of one panel, an audit for example: at most one at a time, with its progress. */
export class RunTask<Progress> {
  readonly #options: RunTaskOptions<Progress>;
  #abort: AbortController | undefined;
  #progress: Progress | null = null;

  constructor(options: RunTaskOptions<Progress>) {
    this.#options = options;
  }

  /** Null while none is under way. */
  get progress(): Progress | null {
    return this.#progress;
  }

  get isRunning(): boolean {
    return this.#abort !== undefined;
  }

  /** The run with what was found; null when it was cancelled, or when one is under way already. */
  async run(runId: string): Promise<Explanation | null> {
    if (this.#abort !== undefined) return null;
    const abort = new AbortController();
    const mine = (): boolean => this.#abort === abort;
    this.#abort = abort;
    this.#tell(this.#options.start);
    try {
      const { signal } = abort;
      const onEvent = (progress: Progress): void => {
        if (mine()) this.#tell(progress);
      };
      const explanation = await this.#options.call(runId, { signal, onEvent });
      return mine() ? explanation : null;
    } catch (error) {
      if (error instanceof PathlightError && error.code === "cancelled") return null;
      throw error;
    } finally {
      if (mine()) this.#end();
    }
  }

  cancel(): void {
    this.#abort?.abort();
    if (this.#abort !== undefined) this.#end();
  }

  #end(): void {
    this.#abort = undefined;
    this.#tell(null);
  }

  #tell(progress: Progress | null): void {
    this.#progress = progress;
    this.#options.onChange();
  }
}
