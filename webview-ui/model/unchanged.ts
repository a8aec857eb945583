/** Remembers the parts of the last call: true while all of them are the same, so that nothing need be painted again. */
export class Unchanged {
  #last: readonly unknown[] = [];

  check(...parts: readonly unknown[]): boolean {
    const same = parts.length === this.#last.length && parts.every((part, index) => Object.is(part, this.#last[index]));
    this.#last = parts;
    return same;
  }
}
