/** A document's text, of which only the parts that are asked for are put together. Offsets are UTF-16. */
export interface DocumentText {
  readonly length: number;
  slice(start: number, end: number): string;
  /** Start of the line that holds an offset, and its end without the line break. */
  lineStart(offset: number): number;
  lineEnd(offset: number): number;
}

/** A text that stays as it is; its lines end as a document's do, in \n or \r\n. */
export function textOfString(text: string): DocumentText {
  return {
    length: text.length,
    slice: (start, end) => text.slice(start, end),
    lineStart: (offset) => (offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1),
    lineEnd: (offset) => {
      const feed = text.indexOf("\n", offset);
      if (feed < 0) return text.length;
      return text[feed - 1] === "\r" && feed > offset ? feed - 1 : feed;
    },
  };
}

/** One replacement in a document. Several at once come from the end of the document to its start. */
export interface TextChange {
  readonly offset: number;
  /** Length of what was taken out, and of what was put in its place. */
  readonly removed: number;
  readonly inserted: number;
}
