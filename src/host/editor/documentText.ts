/** A document's text, of which only the parts that are asked for are put together. Offsets are UTF-16. */
export interface DocumentText {
  readonly length: number;
  slice(start: number, end: number): string;
  /** Start of the line that holds an offset, and its end without the line break. */
  lineStart(offset: number): number;
  lineEnd(offset: number): number;
}

/** One replacement in a document. Several at once come from the end of the document to its start. */
export interface TextChange {
  readonly offset: number;
  /** Length of what was taken out, and of what was put in its place. */
  readonly removed: number;
  readonly inserted: number;
}
