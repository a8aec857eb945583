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
 * One thing after the other. The same kind asked for again takes the place of the one before it; what is asked for goes
 * before what runs in the background, which begins anew after it.
 */
export class WorkQueue<Kind extends string> {
  readonly #background: ReadonlySet<Kind>;
  readonly #listeners: QueueListeners<Kind>;
  #waiting: Work<Kind>[] = [];
  #current: { readonly work: Work<Kind>; readonly abort: AbortController } | undefined;

  constructor(background: readonly Kind[], listeners: QueueListeners<Kind>) {
    this.#background = new Set(background);
    this.#listeners = listeners;
  }

  /** First what is under way. */
  get kinds(): readonly Kind[] {
    const waiting = this.#waiting.map(({ kind }) => kind);
    return this.#current === undefined ? waiting : [this.#current.work.kind, ...waiting];
  }

  add(work: Work<Kind>): void {
    this.#drop((kind) => kind === work.kind);
    const isBackground = this.#background.has(work.kind);
    const current = this.#current;
    if (!isBackground && current !== undefined && this.#background.has(current.work.kind)) {
      this.#current = undefined;
      current.abort.abort();
      this.#waiting.push(current.work);
    }
    const firstBackground = this.#waiting.findIndex(({ kind }) => this.#background.has(kind));
    const at = isBackground || firstBackground < 0 ? this.#waiting.length : firstBackground;
    this.#waiting.splice(at, 0, work);
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
