/** UTF-16 offsets; the end is not part of it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * A part of a text and where it is written. Of equal length in both: character by character. Else, like an escape or the
 * end of a line, a whole that cannot be divided.
 */
interface Run {
  /** Offset in the text. */
  readonly at: number;
  readonly length: number;
  /** Offset in the source. */
  readonly source: number;
  readonly written: number;
}

/**
 * A text and where each of its characters is written in a source that escapes, doubles or leaves out some. Built in the
 * order of the text by {@link copy} and {@link stand}.
 */
export class WrittenText {
  readonly #runs: Run[] = [];
  readonly #parts: string[] = [];
  #length = 0;
  #text: string | undefined = "";

  get text(): string {
    this.#text ??= this.#parts.join("");
    return this.#text;
  }

  /** `text` is written at `source` as it is. */
  copy(text: string, source: number): this {
    const last = this.#runs.at(-1);
    if (text === "") return this;
    // Pieces that touch become one, so that a long text without escapes is a single run.
    if (last !== undefined && last.length === last.written && last.source + last.written === source) {
      const length = last.length + text.length;
      this.#runs[this.#runs.length - 1] = { ...last, length, written: length };
    } else this.#runs.push({ at: this.#length, length: text.length, source, written: text.length });
    return this.#append(text);
  }

  /** The `written` characters at `source` stand for `text`. */
  stand(text: string, source: number, written: number): this {
    if (text === "") return this;
    if (text.length === written) return this.copy(text, source);
    this.#runs.push({ at: this.#length, length: text.length, source, written });
    return this.#append(text);
  }

  /** This text with another one behind it. */
  with(other: WrittenText): WrittenText {
    const both = new WrittenText();
    for (const { text, run } of [...this.#pieces(), ...other.#pieces()]) both.stand(text, run.source, run.written);
    return both;
  }

  /**
   * Where [start, end) of the text is written. Never a part of an escape or of a surrogate pair: what is cut in the middle
   * is taken whole. Null: nothing of the text is there.
   */
  place(start: number, end: number): Span | null {
    const { text } = this;
    let from = Math.max(0, start);
    let to = Math.min(text.length, end);
    if (to <= from) return null;
    if (cutsPair(text, from)) from--;
    if (cutsPair(text, to)) to++;
    const first = this.#runAt(from);
    const last = this.#runAt(to - 1);
    if (first === undefined || last === undefined) return null;
    const divides = (run: Run): boolean => run.length === run.written;
    return {
      start: divides(first) ? first.source + from - first.at : first.source,
      end: divides(last) ? last.source + to - last.at : last.source + last.written,
    };
  }

  *#pieces(): Generator<{ text: string; run: Run }> {
    for (const run of this.#runs) yield { text: this.text.slice(run.at, run.at + run.length), run };
  }

  #append(text: string): this {
    this.#parts.push(text);
    this.#length += text.length;
    this.#text = undefined;
    return this;
  }

  #runAt(offset: number): Run | undefined {
    let low = 0;
    let high = this.#runs.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#runs[middle]?.at ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return this.#runs[low];
  }
}

/** Whether an offset lies inside of a surrogate pair. */
function cutsPair(text: string, offset: number): boolean {
  if (offset <= 0 || offset >= text.length) return false;
  const before = text.charCodeAt(offset - 1);
  const after = text.charCodeAt(offset);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}
