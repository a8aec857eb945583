import { PathlightError } from "../common/errors.ts";

/** One thing to be done: its kind, and how. */
export interface Work<Kind extends string> {
  readonly kind: Kind;
  run(signal: AbortSignal): Promise<void>;
}

interface QueueListeners<Kind extends string> {
  onChange(): void;
  onFailure(kind: Kind, error: unknown): void;
}

/**
 * One thing after the other. The same kind asked for again takes the place of the one before it. Some kinds make way for
 * others, even when they are under way, and are begun again after them.
 */
export class WorkQueue<Kind extends string> {
  readonly #makesWay: readonly Kind[];
  readonly #listeners: QueueListeners<Kind>;
  #waiting: Work<Kind>[] = [];
  #current: { readonly work: Work<Kind>; readonly abort: AbortController } | undefined;

  /** `makesWay`: each of them for those behind it, and for all that are not among them. */
  constructor(makesWay: readonly Kind[], listeners: QueueListeners<Kind>) {
    this.#makesWay = makesWay;
    this.#listeners = listeners;
  }

  /** First what is under way. */
  get kinds(): readonly Kind[] {
    const waiting = this.#waiting.map(({ kind }) => kind);
    return this.#current === undefined ? waiting : [this.#current.work.kind, ...waiting];
  }

  add(work: Work<Kind>): void {
    this.#drop((kind) => kind === work.kind);
    const current = this.#current;
    if (current !== undefined && this.#rank(current.work) < this.#rank(work)) {
      this.#current = undefined;
      current.abort.abort();
      this.#insert(current.work, (other) => this.#rank(other) <= this.#rank(current.work));
    }
    this.#insert(work, (other) => this.#rank(other) < this.#rank(work));
    this.#pump();
    this.#listeners.onChange();
  }

  /** Ends what is of these kinds; of all, unless told. True where anything was. */
  cancel(...kinds: readonly Kind[]): boolean {
    const dropped = this.#drop((kind) => kinds.length === 0 || kinds.includes(kind));
    this.#pump();
    if (dropped) this.#listeners.onChange();
    return dropped;
  }

  #rank({ kind }: Work<Kind>): number {
    const place = this.#makesWay.indexOf(kind);
    return place < 0 ? this.#makesWay.length : place;
  }

  /** Before the first of those that wait for it. */
  #insert(work: Work<Kind>, waits: (other: Work<Kind>) => boolean): void {
    const first = this.#waiting.findIndex(waits);
    this.#waiting.splice(first < 0 ? this.#waiting.length : first, 0, work);
  }

  #drop(matches: (kind: Kind) => boolean): boolean {
    const before = this.kinds.length;
    this.#waiting = this.#waiting.filter(({ kind }) => !matches(kind));
    if (this.#current !== undefined && matches(this.#current.work.kind)) {
      this.#current.abort.abort();
      this.#current = undefined;
    }
    return this.kinds.length < before;
  }

  #pump(): void {
    if (this.#current !== undefined) return;
    const work = this.#waiting.shift();
    if (work === undefined) return;
    const current = { work, abort: new AbortController() };
    this.#current = current;
    void this.#run(current);
  }

  async #run(current: { readonly work: Work<Kind>; readonly abort: AbortController }): Promise<void> {
    try {
      await current.work.run(current.abort.signal);
    } catch (error) {
      const isCancel = error instanceof PathlightError && error.code === "cancelled";
      if (!isCancel && this.#current === current) this.#listeners.onFailure(current.work.kind, error);
    }
    if (this.#current !== current) return;
    this.#current = undefined;
    this.#pump();
    this.#listeners.onChange();
  }
}
