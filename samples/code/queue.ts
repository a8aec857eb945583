/** Work that is done in order, a few pieces at a time. */

export type Task<T> = (signal: AbortSignal) => Promise<T>;

interface Waiting<T> {
  readonly task: Task<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

export class TaskQueue<T> {
  readonly #limit: number;
  readonly #waiting: Waiting<T>[] = [];
  readonly #abort = new AbortController();
  #running = 0;

  constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`A limit of ${limit} is not possible.`);
    this.#limit = limit;
  }

  /** How many tasks wait for their turn. */
  get length(): number {
    return this.#waiting.length;
  }

  add(task: Task<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ task, resolve, reject });
      this.#next();
    });
  }

  /** Tells the tasks under way to stop, and forgets the others. */
  stop(reason: string): void {
    this.#abort.abort(new Error(reason));
    for (const { reject } of this.#waiting.splice(0)) reject(this.#abort.signal.reason);
  }

  #next(): void {
    while (this.#running < this.#limit) {
      const first = this.#waiting.shift();
      if (first === undefined) return;
      this.#running++;
      first
        .task(this.#abort.signal)
        .then(first.resolve, first.reject)
        .finally(() => {
          this.#running--;
          this.#next();
        });
    }
  }
}
