import type { AnchorReader, Match } from "./anchorReaders.ts";
import type { DocumentText, TextChange } from "./documentText.ts";
import type { Span } from "./writtenText.ts";

/** A span after a change of the document; a change at its very edge touches it, and then it holds what was put in. */
export function movedBy(span: Span, { offset, removed, inserted }: TextChange): Span & { readonly touched: boolean } {
  const grown = inserted - removed;
  const end = offset + removed;
  if (end < span.start) return { start: span.start + grown, end: span.end + grown, touched: false };
  if (offset > span.end) return { start: span.start, end: span.end, touched: false };
  return { start: Math.min(span.start, offset), end: Math.max(span.end, end) + grown, touched: true };
}

/**
 * Keeps an explanation on its text while the document changes. A change elsewhere moves it. A change that touches what was
 * explained makes it look again: it is there only while the very text is, and comes back with it. Where it may come back is
 * the region of all changes since.
 */
export class TextAnchor {
  #region: Span | null;
  #reader: AnchorReader | null = null;
  #match: Match | null = null;

  /** `region`: where the text stands that is about to be explained; null: it is searched for. */
  constructor(region: Span | null) {
    this.#region = region;
  }

  /** What was explained, at its place in the document as it was found; see {@link moved}. Null: it is not there. */
  get match(): Match | null {
    return this.#match;
  }

  /** By how much everything of `match` has moved since it was found. */
  get moved(): number {
    return this.#match === null || this.#region === null ? 0 : this.#region.start - this.#match.container.start;
  }

  /** Where the text stands, or has stood. */
  get region(): Span | null {
    return this.#region;
  }

  /** The explanation is there, or another one of the same place: the document may have changed since it was asked for. */
  read(reader: AnchorReader | null, document: DocumentText): void {
    this.#reader = reader;
    const region = this.#region;
    const near = region === null ? null : (reader?.findIn(document, region, region.start) ?? null);
    this.#take(near ?? reader?.find(document) ?? null);
  }

  /** The changes of one edit, as an editor reports them: from the end of the document to its start. */
  change(changes: readonly TextChange[], document: DocumentText): void {
    let region = this.#region;
    let touched = false;
    if (region === null) return;
    for (const change of changes) {
      const after = movedBy(region, change);
      touched ||= after.touched;
      region = { start: after.start, end: after.end };
    }
    this.#region = region;
    if (touched) this.#take(this.#reader?.findIn(document, region, region.start) ?? null);
  }

  #take(match: Match | null): void {
    this.#match = match;
    if (match !== null) this.#region = match.container;
  }
}
